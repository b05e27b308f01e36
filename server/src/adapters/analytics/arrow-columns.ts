import { DuckDBBlobValue, type DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api';
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

/** One Arrow record batch of the rows of several DuckDB chunks (of `selectPhysical`). */
export function arrowBatch(
  schema: Schema,
  heads: readonly ColumnHead[],
  chunks: readonly DuckDBDataChunk[],
): RecordBatch {
  const length = chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0);
  const children = heads.map(({ type }, index) => columnData(type, length, valuesOf(chunks, index)));
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }),
  );
}

function* valuesOf(chunks: readonly DuckDBDataChunk[], index: number): Generator<DuckDBValue> {
  for (const chunk of chunks) {
    const vector = chunk.getColumnVector(index);
    for (let row = 0; row < chunk.rowCount; row += 1) yield vector.getItem(row) as DuckDBValue;
  }
}

/** Which rows have a value, one bit each, lowest first. */
function validity(length: number) {
  const bits = new Uint8Array((length + 7) >> 3);
  let present = 0;
  return {
    bits,
    set(row: number): void {
      bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
      present += 1;
    },
    nulls: () => length - present,
  };
}

function columnData(type: ColumnType, length: number, values: Iterable<DuckDBValue>): Data {
  const valid = validity(length);
  const nulls = () => ({ length, nullCount: valid.nulls(), nullBitmap: valid.bits });
  if (type === 'text') return textData(length, values);
  if (type === 'boolean') {
    const data = new Uint8Array((length + 7) >> 3);
    eachValue(values, valid, (row, value) => {
      if (value) data[row >> 3] = (data[row >> 3] ?? 0) | (1 << (row & 7));
    });
    return makeData({ type: new Bool(), data, ...nulls() });
  }
  if (type === 'integer' || type === 'timestamp') {
    const data = new BigInt64Array(length);
    eachValue(values, valid, (row, value) => {
      data[row] = value as bigint;
    });
    if (type === 'integer') return makeData({ type: new Int64(), data, ...nulls() });
    return makeData({ type: new TimestampMicrosecond(null), data, ...nulls() });
  }
  const data = type === 'date' ? new Int32Array(length) : new Float64Array(length);
  eachValue(values, valid, (row, value) => {
    data[row] = value as number;
  });
  if (data instanceof Int32Array) return makeData({ type: new DateDay(), data, ...nulls() });
  return makeData({ type: new Float64(), data, ...nulls() });
}

function eachValue(
  values: Iterable<DuckDBValue>,
  valid: ReturnType<typeof validity>,
  take: (row: number, value: DuckDBValue) => void,
): void {
  let row = 0;
  for (const value of values) {
    if (value !== null) {
      valid.set(row);
      take(row, value);
    }
    row += 1;
  }
}

function textData(length: number, values: Iterable<DuckDBValue>): Data {
  const valid = validity(length);
  const valueOffsets = new Int32Array(length + 1);
  const parts: Uint8Array[] = [];
  let row = 0;
  let end = 0;
  for (const value of values) {
    if (value instanceof DuckDBBlobValue) {
      valid.set(row);
      parts.push(value.bytes);
      end += value.bytes.length;
    }
    row += 1;
    valueOffsets[row] = end;
  }
  const data = Buffer.concat(parts, end);
  return makeData({
    type: new Utf8(),
    length,
    nullCount: valid.nulls(),
    nullBitmap: valid.bits,
    valueOffsets,
    data,
  });
}
