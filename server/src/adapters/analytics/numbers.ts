import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { allChunks } from './all-chunks.ts';
import type { NumberColumn, NumbersRequest } from './analytics.ts';
import { memoryOf } from './column-memory.ts';

interface Filling {
  readonly values: Float64Array;
  /** Made at the first missing value. */
  nulls: Uint8Array | null;
  nullCount: number;
}

/** Doubles as they lie in DuckDB's memory, copied once, into memory that threads share. */
export async function toNumbers(
  result: DuckDBResult,
  { rows, places }: Pick<NumbersRequest, 'rows' | 'places'>,
): Promise<NumberColumn[]> {
  const other = result.columnTypes().findIndex((type) => String(type) !== 'DOUBLE');
  if (other >= 0)
    throw new Error(`column ${other} is ${result.columnTypes()[other]}; numbers must be DOUBLE`);
  const size = places ? places.length : rows;
  const columns = result
    .columnTypes()
    .map((): Filling => ({ values: sharedDoubles(size), nulls: null, nullCount: 0 }));
  let [seen, placed] = [0, 0];
  for await (const chunk of allChunks(result)) {
    if (seen + chunk.rowCount > rows) throw new Error(`there are more than the ${rows} rows said`);
    const picked = places ? placesIn(places, placed, seen, chunk.rowCount) : null;
    columns.forEach((column, i) => {
      copy(column, chunk, i, seen, placed, picked, rows);
    });
    placed += picked ? picked.length : chunk.rowCount;
    seen += chunk.rowCount;
  }
  return columns.map(({ values, nulls, nullCount }) => ({
    values: values.subarray(0, placed),
    nulls,
    nullCount,
  }));
}

const sharedDoubles = (size: number): Float64Array => new Float64Array(new SharedArrayBuffer(8 * size));

/** The rows of a chunk that are wanted, by their place in it. */
function placesIn(places: Uint32Array, from: number, seen: number, rows: number): Uint32Array {
  let end = from;
  while (end < places.length && (places[end] ?? 0) < seen + rows) end += 1;
  return places.subarray(from, end).map((place) => place - seen);
}

function copy(
  column: Filling,
  chunk: DuckDBDataChunk,
  index: number,
  seen: number,
  placed: number,
  picked: Uint32Array | null,
  rows: number,
): void {
  const { data, valid } = memoryOf(chunk, index, 'double');
  const doubles = new Float64Array(data.buffer, data.byteOffset, chunk.rowCount);
  const missing = valid ? missingIn(valid, chunk.rowCount) : [];
  if (picked) pick(column.values.subarray(placed), doubles, valid, picked);
  else {
    column.values.set(doubles, placed);
    for (const row of missing) column.values[placed + row] = Number.NaN;
  }
  if (missing.length === 0) return;
  column.nulls ??= new Uint8Array(new SharedArrayBuffer(Math.ceil(rows / 8)));
  for (const row of missing) markBit(column.nulls, seen + row);
  column.nullCount += missing.length;
}

function pick(to: Float64Array, from: Float64Array, valid: Uint8Array | null, picked: Uint32Array): void {
  for (let i = 0; i < picked.length; i += 1) {
    const row = picked[i] ?? 0;
    to[i] = valid && !hasBit(valid, row) ? Number.NaN : (from[row] ?? 0);
  }
}

const hasBit = (bits: Uint8Array, at: number): boolean => (((bits[at >>> 3] ?? 0) >>> (at & 7)) & 1) === 1;

function markBit(bits: Uint8Array, at: number): void {
  bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7));
}

function missingIn(valid: Uint8Array, rows: number): number[] {
  const missing: number[] = [];
  for (let byte = 0; 8 * byte < rows; byte += 1) {
    if (valid[byte] === 0xff) continue;
    for (let row = 8 * byte; row < Math.min(rows, 8 * byte + 8); row += 1)
      if (!hasBit(valid, row)) missing.push(row);
  }
  return missing;
}
