// What a version costs on the disk: a table, and the same table with one row in a hundred changed or one row inserted.
import type { Client, DatasetVersion } from '../../sdk/src/index.ts';

export interface Growth {
  /** Bytes on the disk that the commit added, blobs and database. */
  readonly bytes: number;
  /** The same as the version itself says it, without the database. */
  readonly storedBytes: number;
  readonly seconds: number;
  /** Of the first version's bytes. */
  readonly share: number;
}

export interface StorageGrowth {
  readonly rows: number;
  readonly first: Growth;
  /** A run of one row in a hundred, in the middle. */
  readonly contiguous: Growth;
  /** One row, in the middle. */
  readonly insert: Growth;
  /** One row in a hundred, by key, anywhere. */
  readonly scattered: Growth;
}

const symbols = ['AAPL', 'AMZN', 'GOOG', 'META', 'MSFT', 'NFLX', 'NVDA', 'TSLA'];
const header = 'id,day,symbol,open,close,volume,note\n';
const rowsPerPart = 5_000;

/** Even, repeatable, and told by two numbers alone, so that a changed row is the same row with another `edit`. */
function mix(id: number, edit: number): number {
  let hash = Math.imul(id ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(edit + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function lineOf(id: number, edit: number): string {
  const seed = mix(id, edit);
  const day = new Date(Date.UTC(2000, 0, 1) + (id % 9_000) * 86_400_000).toISOString().slice(0, 10);
  const open = (seed % 100_000) / 100;
  const close = (open + ((seed >>> 8) % 2_000) / 100 - 10).toFixed(2);
  return `${id},${day},${symbols[seed % symbols.length]},${open},${close},${(seed >>> 3) % 1_000_000},note ${seed % 997}\n`;
}

/** The table as CSV; `editOf` gives the edit of a row, `extra` a row in front of one. */
function* csv(rows: number, editOf: (id: number) => number, extra?: number): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let part = header;
  for (let id = 0; id < rows; id += 1) {
    if (id === extra) part += lineOf(rows + id, 0);
    part += lineOf(id, editOf(id));
    if (id % rowsPerPart > 0 && id < rows - 1) continue;
    yield encoder.encode(part);
    part = '';
  }
}

async function* streamed(parts: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/**
 * @param rows of the table; 10 million are about 500 MB of CSV per commit, and four commits
 * @param sizeOf bytes that the server's data takes on the disk, without its cache
 */
export async function storageGrowth(
  client: Client,
  rows: number,
  sizeOf: () => Promise<number>,
): Promise<StorageGrowth> {
  let firstBytes = 0;
  async function grow(parts: Iterable<Uint8Array>): Promise<Growth> {
    const before = await sizeOf();
    const started = performance.now();
    const version: DatasetVersion = await client.datasets.commit({
      name: 'storage',
      format: 'csv',
      content: streamed(parts),
    });
    const seconds = (performance.now() - started) / 1_000;
    const bytes = (await sizeOf()) - before;
    firstBytes ||= bytes;
    return { bytes, storedBytes: version.storedBytes ?? 0, seconds, share: bytes / firstBytes };
  }
  const [from, to] = [Math.floor(rows * 0.5), Math.floor(rows * 0.51)];
  const first = await grow(csv(rows, () => 0));
  const contiguous = await grow(csv(rows, (id) => (id >= from && id < to ? 1 : 0)));
  const insert = await grow(csv(rows, () => 0, Math.floor(rows / 3)));
  const scattered = await grow(csv(rows, (id) => (mix(id, 7) % 100 === 0 ? 1 : 0)));
  return { rows, first, contiguous, insert, scattered };
}
