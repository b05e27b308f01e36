import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { errors } from '../../base/errors.ts';

export interface CsvHeader {
  readonly names: readonly string[];
  readonly delimiter: string;
  /** The names may hold line breaks, so the first row may stand further down than line 2. */
  readonly lines: number;
}

const delimiters = [',', ';', '\t', '|'] as const;
/** The header and a first row, each as long as a line may be. */
const startBytes = 4 << 20;

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, startBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

interface Scan {
  readonly names: readonly string[];
  readonly lines: number;
  /** Characters before the header's end of line. */
  readonly length: number;
}

/** The first record of RFC 4180 text, cut at `delimiter`. */
function scanRecord(text: string, delimiter: string): Scan {
  const names: string[] = [];
  let name = '';
  let quoted = false;
  let lines = 1;
  let i = 0;
  for (; i < text.length; i += 1) {
    const character = text[i] ?? '';
    if (character === '\n') lines += quoted ? 1 : 0;
    if (quoted) {
      if (character !== '"') name += character;
      else if (text[i + 1] !== '"') quoted = false;
      else {
        name += '"';
        i += 1;
      }
    } else if (character === '"' && name === '') quoted = true;
    else if (character === '\n' || character === '\r') break;
    else if (character === delimiter) {
      names.push(name);
      name = '';
    } else name += character;
  }
  return { names: [...names, name], lines, length: i };
}

/** We choose the delimiter by the header alone: guessing from the rows makes one broken line change all columns. */
function widest(text: string): { scan: Scan; delimiter: string } {
  return delimiters
    .map((delimiter) => ({ delimiter, scan: scanRecord(text, delimiter) }))
    .reduce((best, next) => (next.scan.names.length > best.scan.names.length ? next : best));
}

/** @throws fileUnreadable where another delimiter is meant: the whole line would become one column. */
function stated(text: string, delimiter: '\t', file: string): { scan: Scan; delimiter: string } {
  const scan = scanRecord(text, delimiter);
  const other = widest(text);
  if (scan.names.length > 1 || other.scan.names.length === 1) return { scan, delimiter };
  throw errors.fileUnreadable({
    file,
    line: 1,
    reason: `no tab divides the header, but '${other.delimiter}' would`,
    remedy: 'Name the format csv, which finds its delimiter',
  });
}

function assertNames(names: readonly string[], file: string): void {
  const seen = new Map<string, string>();
  names.forEach((name, index) => {
    if (name === '')
      throw errors.fileUnreadable({
        file,
        line: 1,
        reason: `column ${index + 1} of the header has no name`,
        remedy: 'Name every column in the first line',
      });
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined)
      throw errors.fileUnreadable({
        file,
        line: 1,
        column: name,
        reason:
          twin === name
            ? 'the header names it twice'
            : `the header also names '${twin}', which differs only in case`,
        remedy: 'Rename one of them',
      });
    seen.set(name.toLowerCase(), name);
  });
}

/** DuckDB reads no rows at all, and says nothing, when the first of them is longer than what it looks at at once. */
function assertLineEnds(text: string, { length, lines }: Scan, file: string): void {
  if (text.indexOf('\n', length + 2) >= 0) return;
  const isHeader = text.indexOf('\n', length) < 0;
  throw errors.fileUnreadable({
    file,
    line: isHeader ? 1 : lines + 1,
    reason: 'the line is longer than 2 MB',
    remedy: 'Look for a quote that is never closed, or for line ends that are missing',
  });
}

/** Reads the first line of a CSV file: `fileUnreadable` if the file is empty, not UTF-8 or has no usable header. */
export async function readCsvHeader(path: string, file: string, given?: '\t'): Promise<CsvHeader> {
  const start = await readStart(path);
  const text = start.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '')
    throw errors.fileUnreadable({ file, reason: 'it is empty', remedy: 'Send a header line and rows' });
  if (start.includes(0))
    throw errors.fileUnreadable({
      file,
      line: start.subarray(0, start.indexOf(0)).filter((byte) => byte === 0x0a).length + 1,
      reason: 'it holds zero bytes, so it is UTF-16 or no text at all',
      remedy: 'Save it as UTF-8',
    });
  const { scan, delimiter } = given ? stated(text, given, file) : widest(text);
  if (start.length === startBytes) assertLineEnds(text, scan, file);
  // Whoever asked finds out what it is.
  if (
    scan.names.some((name) => name.includes('\uFFFD')) &&
    !isUtf8(start.subarray(0, start.indexOf(0x0a) + 1 || undefined))
  )
    throw new Error('the header is not utf-8');
  const names = scan.names.map((name) => name.trim());
  assertNames(names, file);
  return { names, delimiter, lines: scan.lines };
}
