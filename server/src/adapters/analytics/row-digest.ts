import { createHash } from 'node:crypto';
import type { ChunkSizes, RowChunk } from './analytics.ts';
import { type ColumnMemory, rowEncoder } from './row-bytes.ts';

export const defaultSizes: ChunkSizes = { minimum: 1024, average: 4096, maximum: 16_384 };

const prime = 0x01000193;
const basis = 0x811c9dc5;

/** FNV-1a, from `hash` on. */
function fnv(bytes: Uint8Array, start: number, end: number, hash: number): number {
  let value = hash;
  for (let i = start; i < end; i += 1) value = Math.imul(value ^ (bytes[i] ?? 0), prime);
  return value;
}

/** The finaliser of MurmurHash3, since FNV's high bits alone are not even. */
function finalised(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * A hash per row: FNV-1a over its bytes, finalised. Each step waits for the one before, so four rows at once take
 * hardly longer than one.
 */
function rowHashes(bytes: Uint8Array, ends: Uint32Array): Uint32Array {
  const hashes = new Uint32Array(ends.length);
  const startOf = (row: number): number => (row === 0 ? 0 : (ends[row - 1] ?? 0));
  const lengthOf = (row: number): number => (ends[row] ?? 0) - startOf(row);
  let row = 0;
  for (; row + 3 < ends.length; row += 4) {
    const [s0, s1, s2, s3] = [startOf(row), startOf(row + 1), startOf(row + 2), startOf(row + 3)];
    const common = Math.min(lengthOf(row), lengthOf(row + 1), lengthOf(row + 2), lengthOf(row + 3));
    let [h0, h1, h2, h3] = [basis, basis, basis, basis];
    for (let k = 0; k < common; k += 1) {
      h0 = Math.imul(h0 ^ (bytes[s0 + k] ?? 0), prime);
      h1 = Math.imul(h1 ^ (bytes[s1 + k] ?? 0), prime);
      h2 = Math.imul(h2 ^ (bytes[s2 + k] ?? 0), prime);
      h3 = Math.imul(h3 ^ (bytes[s3 + k] ?? 0), prime);
    }
    hashes[row] = finalised(fnv(bytes, s0 + common, ends[row] ?? 0, h0));
    hashes[row + 1] = finalised(fnv(bytes, s1 + common, ends[row + 1] ?? 0, h1));
    hashes[row + 2] = finalised(fnv(bytes, s2 + common, ends[row + 2] ?? 0, h2));
    hashes[row + 3] = finalised(fnv(bytes, s3 + common, ends[row + 3] ?? 0, h3));
  }
  for (; row < ends.length; row += 1)
    hashes[row] = finalised(fnv(bytes, startOf(row), ends[row] ?? 0, basis));
  return hashes;
}

export interface RowChunker {
  add(columns: readonly ColumnMemory[], rowCount: number): void;
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
  const encode = rowEncoder();
  const chunks: RowChunk[] = [];
  let digest = createHash('sha256');
  let start = 0;
  let rows = 0;

  function cut(): void {
    chunks.push({ start, rows, digest: digest.digest('hex') });
    digest = createHash('sha256');
    start += rows;
    rows = 0;
  }

  return {
    add(columns, rowCount) {
      for (const { bytes, ends } of encode(columns, rowCount)) {
        const hashes = rowHashes(bytes, ends);
        let digested = 0;
        for (let row = 0; row < ends.length; row += 1) {
          rows += 1;
          const isBorder = rows >= sizes.minimum && (hashes[row] ?? 0) < threshold;
          if (!isBorder && rows < sizes.maximum) continue;
          digest.update(bytes.subarray(digested, ends[row]));
          digested = ends[row] ?? 0;
          cut();
        }
        digest.update(bytes.subarray(digested, ends.at(-1)));
      }
    },
    finish() {
      if (rows > 0) cut();
      return chunks;
    },
  };
}
