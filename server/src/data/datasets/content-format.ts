/** What an upload is that does not say so: by its media type, else by its first bytes; and what a download is called. */
import type { Content, TableFormat } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';

const formats: Readonly<Record<string, TableFormat>> = {
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet',
  'application/parquet': 'parquet',
  'text/csv': 'csv',
  'application/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
};
const magic = 'PAR1';

/** What each format is called on the way out. */
export const mediaTypes: Readonly<Record<TableFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  tsv: 'text/tab-separated-values; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Gives the content back whole. @throws mediaTypeUnsupported when neither tells */
export async function findFormat(
  content: Content,
  mediaType: string | undefined,
): Promise<{ format: TableFormat; content: Content }> {
  const type = (mediaType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const named = formats[type];
  if (named) return { format: named, content };
  const { head, whole } = await peek(content, magic.length);
  if (head.toString('latin1') === magic) return { format: 'parquet', content: whole };
  throw errors.mediaTypeUnsupported({
    type: type || '(none)',
    accepted: `a Parquet file, or one of ${Object.keys(formats).join(', ')}; or name it: ?format=csv`,
  });
}

async function peek(content: Content, bytes: number): Promise<{ head: Buffer; whole: Content }> {
  if (content instanceof Uint8Array) return { head: Buffer.from(content.subarray(0, bytes)), whole: content };
  const parts = content[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  while (read.reduce((sum, part) => sum + part.byteLength, 0) < bytes) {
    const { value, done } = await parts.next();
    if (done) break;
    read.push(value);
  }
  return { head: Buffer.concat(read).subarray(0, bytes), whole: joined(read, parts) };
}

async function* joined(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
