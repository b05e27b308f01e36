/** DuckDB's vectors as they lie in memory: the API above makes an object of each value, twenty times as slow. */
import type { DuckDBDataChunk } from '@duckdb/node-api';
import bindings from '@duckdb/node-bindings';
import type { ColumnType } from './analytics.ts';
import { type ColumnMemory, inlineBytes, type LongTexts } from './row-bytes.ts';

/** Bytes of a value in a vector. */
const width = { boolean: 1, integer: 8, double: 8, text: 16, date: 4, timestamp: 8 } as const;
/** A long text's entry: its length, its first four bytes, its address. */
const addressPlace = 8;
/**
 * Texts this near to each other are read as one piece. What lies between is in a page of the one or of the other,
 * so it can be read, whatever it is.
 */
const nearBytes = 64;

/** The column of a batch whose type in DuckDB is the plain one of ours. Valid as long as the batch. */
export function memoryOf(
  { chunk, rowCount }: DuckDBDataChunk,
  index: number,
  type: ColumnType,
): ColumnMemory {
  const vector = bindings.data_chunk_get_vector(chunk, index);
  const data = bindings.vector_get_data(vector, rowCount * width[type]);
  const valid = bindings.vector_get_validity(vector, Math.ceil(rowCount / 64) * 8) ?? null;
  if (type !== 'text') return { type, valid, data };
  return { type, valid, data, long: longTexts(data, valid, rowCount) };
}

interface Run {
  readonly row: number;
  readonly start: number;
  end: number;
}

/** A call into DuckDB per run of neighbours instead of one per text. */
function longTexts(data: Uint8Array, valid: Uint8Array | null, rowCount: number): LongTexts {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const runs: Run[] = [];
  const pieceOf = new Uint32Array(rowCount);
  const placeOf = new Uint32Array(rowCount);
  let run: Run | undefined;
  for (let row = 0; row < rowCount; row += 1) {
    const length = view.getUint32(row * 16, true);
    // The entry of a missing value may hold anything.
    if (length <= inlineBytes || (valid && (((valid[row >>> 3] ?? 0) >>> (row & 7)) & 1) === 0)) continue;
    const entry = row * 16 + addressPlace;
    const start = view.getUint32(entry, true) + view.getUint32(entry + 4, true) * 2 ** 32;
    if (!run || start < run.start || start - run.end > nearBytes) {
      run = { row, start, end: start };
      runs.push(run);
    }
    run.end = Math.max(run.end, start + length);
    pieceOf[row] = runs.length - 1;
    placeOf[row] = start - run.start;
  }
  const buffer = data.buffer as ArrayBuffer;
  const pieces = runs.map((each) =>
    bindings.get_data_from_pointer(
      buffer,
      data.byteOffset + each.row * 16 + addressPlace,
      each.end - each.start,
    ),
  );
  return { pieces, pieceOf, placeOf };
}
