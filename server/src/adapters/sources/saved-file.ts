import { createWriteStream } from 'node:fs';
import { open, truncate } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errors } from '../../base/errors.ts';
import { type FileFormat, isDelimited } from '../analytics/analytics.ts';

export interface SaveOptions {
  readonly location: string;
  readonly to: string;
  readonly maxBytes: number;
  /** Stop here; null reads to the end. */
  readonly sampleBytes: number | null;
  readonly signal: AbortSignal;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

export interface Saved {
  readonly bytes: number;
  readonly isWhole: boolean;
}

/** Streams to a file, never more than allowed. What was begun and failed is the folder owner's to remove. */
export async function saveContent(content: AsyncIterable<Uint8Array>, options: SaveOptions): Promise<Saved> {
  const { location, to, maxBytes, sampleBytes, signal, onBytes } = options;
  let bytes = 0;
  let isWhole = true;
  let isPacked = false;
  async function* bounded(): AsyncGenerator<Uint8Array> {
    for await (const part of content) {
      if (bytes === 0) isPacked = beginsPacked(part);
      bytes += part.byteLength;
      if (bytes > maxBytes) throw errors.sourceTooLarge({ location, limit: sizeText(maxBytes) });
      onBytes?.(bytes);
      yield part;
      if (sampleBytes !== null && !isPacked && bytes >= sampleBytes) {
        isWhole = false;
        return;
      }
    }
  }
  await pipeline(bounded, createWriteStream(to), { signal });
  if (!isWhole) await cutAtRecord(to);
  return { bytes, isWhole };
}

/** gzip or zstd, whatever the name says: a part of it is worth nothing. */
const beginsPacked = ([a, b]: Uint8Array): boolean =>
  (a === 0x1f && b === 0x8b) || (a === 0x28 && b === 0xb5);

/** Text whose beginning is readable without its end. */
export const canBeCut = (format: FileFormat | null, name: string): boolean =>
  format !== null && (isDelimited(format) || format === 'ndjson') && !/\.(?:gz|zst|zip)$/i.test(name);

/** Cuts behind the last line break outside quotes. */
async function cutAtRecord(path: string): Promise<void> {
  const file = await open(path);
  let end = 0;
  try {
    let position = 0;
    let isQuoted = false;
    for await (const part of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      for (const [i, byte] of part.entries()) {
        if (byte === quote) isQuoted = !isQuoted;
        else if (byte === lineFeed && !isQuoted) end = position + i + 1;
      }
      position += part.length;
    }
  } finally {
    await file.close();
  }
  if (end > 0) await truncate(path, end);
}
const quote = 0x22;
const lineFeed = 0x0a;

export const sizeText = (bytes: number): string =>
  bytes >= 1 << 30 ? `${+(bytes / (1 << 30)).toFixed(1)} GiB` : `${+(bytes / (1 << 20)).toFixed(2)} MiB`;

const suffixes: Readonly<Record<string, FileFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  txt: 'csv',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
  pq: 'parquet',
};

/** By the end of the name, behind which a compression may stand. */
export function formatOfName(name: string): FileFormat | null {
  const [, suffix = ''] = /\.([a-z]+)(?:\.(?:gz|zst|zip))?$/i.exec(name) ?? [];
  return suffixes[suffix.toLowerCase()] ?? null;
}

const mediaTypes: Readonly<Record<string, FileFormat>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet',
  'application/parquet': 'parquet',
};

export const formatOfMediaType = (type: string | undefined): FileFormat | null =>
  mediaTypes[(type ?? '').split(';')[0]?.trim().toLowerCase() ?? ''] ?? null;

/** @throws sourceRejected where neither the source nor its names tell */
export function requiredFormat(format: FileFormat | null, location: string): FileFormat {
  if (format) return format;
  throw errors.sourceRejected({
    location,
    reason: 'neither its name nor its media type says which format it has',
    remedy: 'Name the format: csv, tsv, json, ndjson or parquet',
  });
}
