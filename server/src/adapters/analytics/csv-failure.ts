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
    /maximum line size|does not support a full read/i.test(message)
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

interface Wording {
  readonly pattern: RegExp;
  readonly reason: string;
  readonly remedy?: string;
}

/** What DuckDB says in words of its own, or with our path in it. */
const wordings: readonly Wording[] = [
  {
    pattern: /no magic bytes found|too small to be a parquet/i,
    reason: 'it is no Parquet file, or one that was cut off',
  },
  {
    pattern: /can't be cast because the value is out of range/i,
    reason: 'it holds whole numbers beyond 64 bits with a sign',
    remedy: 'Store that column as double or as text',
  },
  { pattern: /non-record JSON/i, reason: 'it holds no JSON objects' },
  { pattern: /Expected top-level JSON array/i, reason: 'it is no JSON array' },
];

/** The same for JSON and Parquet, whose failures name a line at most. */
export function fileFailure(error: unknown, format: string, file: string, line?: number): Error {
  const message = error instanceof Error ? error.message : String(error);
  const wording = wordings.find(({ pattern }) => pattern.test(message));
  const column = /when casting from source column (\S+)/.exec(message)?.[1];
  const found = firstLine(message)
    .replace(/ in file (?:"[^"]*"|'[^']*')/, '')
    .replace(/^File '[^']*' /, 'it is ')
    .replace(/, at byte.*$/, '')
    .replace(/\.$/, '');
  const remedies: Readonly<Record<string, string>> = {
    parquet: 'Send a whole Parquet file, or name the format it has',
    ndjson: 'Send one JSON object per line',
    json: 'Send a JSON array of objects',
  };
  return errors.fileUnreadable(
    {
      file,
      ...(line && { line }),
      ...(column && { column }),
      reason: wording?.reason ?? found,
      remedy: wording?.remedy ?? remedies[format] ?? 'Mend the file and send it again',
    },
    error,
  );
}
