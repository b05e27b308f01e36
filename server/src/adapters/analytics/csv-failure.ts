import { errors } from '../../base/errors.ts';
import type { CsvHeader } from './csv-header.ts';

interface Finding {
  readonly reason: string;
  readonly remedy: string;
  readonly column?: string;
}

type Reader = (message: string, header: CsvHeader) => Finding | undefined;

const readers: readonly Reader[] = [
  (message, { names }) => {
    const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
    if (!counts) return undefined;
    const found = Number(counts[2]);
    return {
      column: names[found],
      reason: `it has ${found} values where the header names ${counts[1]} columns`,
      remedy: 'Add or remove values there, or put quotes around a value that holds the delimiter',
    };
  },
  (message) =>
    /unterminated quote/i.test(message)
      ? { reason: 'a quoted value is never closed', remedy: 'Close it with a double quote' }
      : undefined,
  (message) =>
    /invalid unicode|not utf-8/i.test(message)
      ? { reason: 'the text is not UTF-8', remedy: 'Save the file as UTF-8' }
      : undefined,
  (message) =>
    /maximum line size/i.test(message)
      ? { reason: 'the line is longer than 2 MB', remedy: 'Look for a quote that is never closed before it' }
      : undefined,
  (message) =>
    /invalid state/i.test(message)
      ? {
          reason: 'its quotes or line endings are mixed',
          remedy: 'Use one kind of line ending in the whole file and double a quote inside a quoted value',
        }
      : undefined,
];

const firstLine = (message: string): string =>
  message.split('\n')[0]?.replace(/^[A-Z][A-Za-z ]*Error: /, '') ?? message;

/** DuckDB explains a CSV failure in options of its own; we say it in the user's terms, keeping line and column. */
export function csvFailure(error: unknown, header: CsvHeader, file: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  const finding = readers.map((read) => read(message, header)).find((found) => found !== undefined) ?? {
    reason: firstLine(message),
    remedy: 'Mend the file and send it again',
  };
  return errors.fileUnreadable({ file, ...(line ? { line: Number(line) } : {}), ...finding }, error);
}

/** The same for JSON and Parquet, whose failures name a line at most. */
export function fileFailure(error: unknown, format: string, file: string, line?: number): Error {
  const message = error instanceof Error ? error.message : String(error);
  const reason = firstLine(message)
    .replace(/ in file (?:"[^"]*"|'[^']*')/, '')
    .replace(/^File '[^']*' /, 'it is ')
    .replace(/, at byte.*$/, '');
  const remedy =
    format === 'parquet'
      ? 'Send a Parquet file, or name the format it has'
      : `Send ${format === 'ndjson' ? 'one JSON object per line' : 'a JSON array of objects'}`;
  return errors.fileUnreadable({ file, ...(line ? { line } : {}), reason, remedy }, error);
}
