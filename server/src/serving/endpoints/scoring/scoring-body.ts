/** Bodies of the scoring doors: bytes, read as text with distrust. */
import { errors } from '../../../base/errors.ts';
import { findOddText, mayHoldOddText } from '../../../http/odd-text.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** @throws scoringInputInvalid */
export function toText(body: unknown): string {
  try {
    return Buffer.isBuffer(body) ? decoder.decode(body) : '';
  } catch {
    throw errors.scoringInputInvalid({ reason: 'the body is not UTF-8' });
  }
}

/** Python writes what is missing as NaN, outside any text. A text that does not end is taken to the end, so that nothing is read twice. */
const notJson = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|-?\b(?:NaN|Infinity)\b/g;

/** Also what Python calls JSON. @throws scoringInputInvalid */
export function toJson(text: string): unknown {
  const value =
    parse(text) ?? parse(text.replace(notJson, (found) => (found.startsWith('"') ? found : 'null')));
  if (!value) {
    const problem = problemOf(text);
    throw errors.scoringInputInvalid({ reason: `the body is not JSON (${problem})` });
  }
  const odd = mayHoldOddText(text) ? findOddText(value.parsed) : null;
  if (odd) throw errors.scoringInputInvalid({ reason: odd });
  return value.parsed;
}

function parse(text: string): { readonly parsed: unknown } | null {
  try {
    return { parsed: JSON.parse(text) };
  } catch {
    return null;
  }
}

function problemOf(text: string): string {
  if (text.trim() === '') return 'it is empty';
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return (error as Error).message.slice(0, 120);
  }
}
