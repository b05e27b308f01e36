import { createHash } from 'node:crypto';
import type { ChunkSizes, ColumnType, RowChunk } from './analytics.ts';

/** See docs/decisions/003-canonical-rows.md. Changing any of these changes the digest of every dataset. */
const tag = { null: 0, boolean: 1, integer: 2, double: 3, text: 4, date: 5, timestamp: 6 } as const;

export const defaultSizes: ChunkSizes = { minimum: 1024, average: 4096, maximum: 16_384 };

/**
 * One column of a batch. `at` gives null, a boolean, a bigint (integer; timestamp in microseconds),
 * a number (double; date in days since 1970) or UTF-8 bytes.
 */
export interface CanonicalColumn {
  readonly type: ColumnType;
  at(row: number): boolean | bigint | number | Uint8Array | null;
}

/** Grows by doubling; rows are short, so it settles after the first batch. */
class ByteWriter {
  bytes = Buffer.alloc(1 << 16);
  length = 0;

  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.alloc(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

function writeDouble(writer: ByteWriter, value: number): void {
  // One bit pattern per value: NaN has many, and -0 equals 0.
  if (Number.isNaN(value)) writer.bytes.writeBigUInt64LE(0x7ff8000000000000n, writer.length);
  else writer.bytes.writeDoubleLE(value === 0 ? 0 : value, writer.length);
  writer.length += 8;
}

function writeText(writer: ByteWriter, text: Uint8Array): void {
  writer.reserve(4 + text.length);
  writer.bytes.writeUInt32LE(text.length, writer.length);
  writer.bytes.set(text, writer.length + 4);
  writer.length += 4 + text.length;
}

function writeValue(writer: ByteWriter, column: CanonicalColumn, row: number): void {
  writer.reserve(16);
  const value = column.at(row);
  writer.bytes[writer.length] = value === null ? tag.null : tag[column.type];
  writer.length += 1;
  if (value === null) return;
  if (typeof value === 'bigint') writer.length = writer.bytes.writeBigInt64LE(value, writer.length);
  else if (typeof value === 'boolean') writer.length = writer.bytes.writeUInt8(value ? 1 : 0, writer.length);
  else if (typeof value !== 'number') writeText(writer, value);
  else if (column.type === 'date') writer.length = writer.bytes.writeInt32LE(value, writer.length);
  else writeDouble(writer, value);
}

/** FNV-1a over the row's bytes, then the finaliser of MurmurHash3, since FNV's high bits alone are not even. */
function rowHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export interface RowChunker {
  add(columns: readonly CanonicalColumn[], rowCount: number): void;
  finish(): readonly RowChunk[];
}

/**
 * Cuts rows into chunks whose borders depend on the rows' content only: a chunk ends after a row whose hash is
 * below a threshold, once it has `minimum` rows, and at `maximum` rows in any case. An inserted row therefore
 * changes the chunk it falls into and its neighbour, not all that follow (content-defined chunking as in LBFS,
 * Muthitacharoen et al. 2001, on rows instead of bytes).
 */
export function rowChunker(sizes: ChunkSizes = defaultSizes): RowChunker {
  const threshold = 2 ** 32 / Math.max(1, sizes.average - sizes.minimum);
  const writer = new ByteWriter();
  const chunks: RowChunk[] = [];
  let digest = createHash('sha256');
  let start = 0;
  let rows = 0;
  let flushed = 0;

  function flush(): void {
    digest.update(writer.bytes.subarray(flushed, writer.length));
    flushed = writer.length;
  }

  function cut(): void {
    flush();
    chunks.push({ start, rows, digest: digest.digest('hex') });
    digest = createHash('sha256');
    start += rows;
    rows = 0;
  }

  return {
    add(columns, rowCount) {
      for (let row = 0; row < rowCount; row += 1) {
        const from = writer.length;
        for (const column of columns) writeValue(writer, column, row);
        rows += 1;
        const border = rows >= sizes.minimum && rowHash(writer.bytes, from, writer.length) < threshold;
        if (border || rows >= sizes.maximum) cut();
      }
      flush();
      writer.length = 0;
      flushed = 0;
    },
    finish() {
      if (rows > 0) cut();
      return chunks;
    },
  };
}
