import type { DuckDBDataChunk } from '@duckdb/node-api';
import {
  Bool,
  type Data,
  type DataType,
  DateDay,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import type { ColumnHead, ColumnType } from './analytics.ts';
import { memoryOf } from './column-memory.ts';
import { type ColumnMemory, inlineBytes } from './row-bytes.ts';

const types: Readonly<Record<ColumnType, DataType>> = {
  boolean: new Bool(),
  integer: new Int64(),
  double: new Float64(),
  text: new Utf8(),
  date: new DateDay(),
  // Without a zone, as in the Parquet files.
  timestamp: new TimestampMicrosecond(null),
};

export const arrowSchema = (heads: readonly ColumnHead[]): Schema =>
  new Schema(heads.map(({ name, type }) => new Field(name, types[type], true)));

/** One Arrow record batch of the rows of several DuckDB chunks (of `selectPlain`). */
export function arrowBatch(
  schema: Schema,
  heads: readonly ColumnHead[],
  chunks: readonly DuckDBDataChunk[],
): RecordBatch {
  const length = chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0);
  const children = heads.map(({ type }, index) => columnData(type, length, partsOf(chunks, index, type)));
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }),
  );
}

/** A column's rows in one chunk, and how many came before. */
interface Part extends ColumnMemory {
  readonly before: number;
  readonly rows: number;
}

function partsOf(chunks: readonly DuckDBDataChunk[], index: number, type: ColumnType): Part[] {
  let before = 0;
  return chunks.map((chunk) => {
    const part = { ...memoryOf(chunk, index, type), before, rows: chunk.rowCount };
    before += chunk.rowCount;
    return part;
  });
}

function columnData(type: ColumnType, length: number, parts: readonly Part[]): Data {
  const { nullBitmap, nullCount } = validityOf(parts, length);
  const shared = { length, nullCount, nullBitmap };
  if (type === 'text') return makeData({ type: new Utf8(), ...textsOf(parts, length), ...shared });
  if (type === 'boolean') return makeData({ type: new Bool(), data: bitsOf(parts, length), ...shared });
  if (type === 'date')
    return makeData({ type: new DateDay(), data: new Int32Array(valuesOf(parts, length, 4)), ...shared });
  const values = valuesOf(parts, length, 8);
  if (type === 'double') return makeData({ type: new Float64(), data: new Float64Array(values), ...shared });
  const data = new BigInt64Array(values);
  if (type === 'integer') return makeData({ type: new Int64(), data, ...shared });
  return makeData({ type: new TimestampMicrosecond(null), data, ...shared });
}

const hasBit = (bits: Uint8Array, row: number): boolean => (((bits[row >>> 3] ?? 0) >>> (row & 7)) & 1) === 1;

function setBit(bits: Uint8Array, row: number): void {
  bits[row >>> 3] = (bits[row >>> 3] ?? 0) | (1 << (row & 7));
}

const isMissing = ({ valid }: Part, row: number): boolean => valid !== null && !hasBit(valid, row);

function validityOf(parts: readonly Part[], length: number): { nullBitmap: Uint8Array; nullCount: number } {
  const nullBitmap = new Uint8Array((length + 7) >>> 3);
  let nullCount = 0;
  for (const part of parts)
    for (let row = 0; row < part.rows; row += 1) {
      if (isMissing(part, row)) nullCount += 1;
      else setBit(nullBitmap, part.before + row);
    }
  return { nullBitmap, nullCount };
}

/** As they lie in memory. What a missing value left there is wiped: equal rows must give equal bytes. */
function valuesOf(parts: readonly Part[], length: number, width: number): ArrayBuffer {
  const values = new Uint8Array(length * width);
  for (const part of parts) {
    values.set(part.data.subarray(0, part.rows * width), part.before * width);
    if (part.valid === null) continue;
    for (let row = 0; row < part.rows; row += 1)
      if (isMissing(part, row)) values.fill(0, (part.before + row) * width, (part.before + row + 1) * width);
  }
  return values.buffer;
}

function bitsOf(parts: readonly Part[], length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >>> 3);
  for (const part of parts)
    for (let row = 0; row < part.rows; row += 1)
      if (part.data[row] === 1 && !isMissing(part, row)) setBit(bits, part.before + row);
  return bits;
}

const entryBytes = 16;
const lengthBytes = 4;

/** UTF-8 of all texts, one behind the other, and where each ends. */
function textsOf(parts: readonly Part[], length: number): { data: Uint8Array; valueOffsets: Int32Array } {
  const valueOffsets = new Int32Array(length + 1);
  let end = 0;
  for (const part of parts) {
    const view = new DataView(part.data.buffer, part.data.byteOffset, part.data.byteLength);
    for (let row = 0; row < part.rows; row += 1) {
      if (!isMissing(part, row)) end += view.getUint32(row * entryBytes, true);
      valueOffsets[part.before + row + 1] = end;
    }
  }
  const data = new Uint8Array(end);
  for (const part of parts) copyTexts(part, data, valueOffsets);
  return { data, valueOffsets };
}

function copyTexts(part: Part, target: Uint8Array, ends: Int32Array): void {
  for (let row = 0; row < part.rows; row += 1) {
    const start = ends[part.before + row] ?? 0;
    const length = (ends[part.before + row + 1] ?? 0) - start;
    if (length > inlineBytes) {
      const piece = part.long?.pieces[part.long.pieceOf[row] ?? 0];
      const place = part.long?.placeOf[row] ?? 0;
      if (piece) target.set(piece.subarray(place, place + length), start);
      continue;
    }
    // Short ones lie behind their lengths; byte by byte is faster than a view of each.
    const from = row * entryBytes + lengthBytes;
    for (let i = 0; i < length; i += 1) target[start + i] = part.data[from + i] ?? 0;
  }
}
