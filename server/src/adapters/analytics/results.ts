import {
  type DuckDBDataChunk,
  DuckDBDecimalValue,
  DuckDBDoubleVector,
  type DuckDBResult,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
  JSDuckDBValueConverter,
} from '@duckdb/node-api';
import { errors } from '../../base/errors.ts';
import type { Cell, ColumnHead, ColumnsReply, ColumnValues, QueryReply, QueryRequest } from './analytics.ts';
import { columnTypeOf, isNested } from './column-types.ts';

/** ISO 8601 in UTC with milliseconds, or microseconds where there are any. */
function isoTimestamp(microseconds: bigint): string | null {
  const rest = ((microseconds % 1000n) + 1000n) % 1000n;
  const date = new Date(Number((microseconds - rest) / 1000n));
  if (Number.isNaN(date.getTime())) return null;
  const text = date.toISOString();
  return rest === 0n ? text : `${text.slice(0, -1)}${rest.toString().padStart(3, '0')}Z`;
}

function toNumber(value: bigint, column: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw errors.numberTooLarge({ column, value: value.toString() });
  return number;
}

function toCell(value: DuckDBValue, column: string): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (typeof value === 'bigint') return toNumber(value, column);
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return isoTimestamp(value.micros);
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBTimestampMillisecondsValue) return isoTimestamp(value.millis * 1000n);
  if (value instanceof DuckDBTimestampSecondsValue) return isoTimestamp(value.seconds * 1_000_000n);
  if (value instanceof DuckDBTimestampNanosecondsValue) return isoTimestamp(value.nanos / 1000n);
  return String(value);
}

const plainNumbers = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? Number(value) : value;

/** HUGEINT leaves DuckDB as bigint but is a double of ours, so it loses digits instead of failing. */
function cellsOf(chunk: DuckDBDataChunk, index: number, head: ColumnHead, duckdbName: string): Cell[] {
  if (isNested(duckdbName)) {
    const json = chunk.convertColumnValues(index, JSDuckDBValueConverter);
    return json.map((value) => (value === null ? null : JSON.stringify(value, plainNumbers)));
  }
  const values = chunk.getColumnValues(index);
  if (head.type === 'double')
    return values.map((v) => (typeof v === 'bigint' ? Number(v) : toCell(v, head.name)));
  return values.map((value) => toCell(value, head.name));
}

interface Shape {
  readonly heads: readonly ColumnHead[];
  readonly duckdbNames: readonly string[];
}

function shapeOf(result: DuckDBResult): Shape {
  const duckdbNames = result.columnTypes().map(String);
  const names = result.deduplicatedColumnNames();
  return { duckdbNames, heads: names.map((name, i) => ({ name, type: columnTypeOf(duckdbNames[i] ?? '') })) };
}

async function* chunksOf(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk> {
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    yield chunk;
  }
}

function rowsOf(chunk: DuckDBDataChunk, { heads, duckdbNames }: Shape): Record<string, Cell>[] {
  const columns = heads.map((head, i) => cellsOf(chunk, i, head, duckdbNames[i] ?? ''));
  return Array.from({ length: chunk.rowCount }, (_, row) => {
    const record: Record<string, Cell> = {};
    for (let i = 0; i < heads.length; i += 1) record[heads[i]?.name ?? ''] = columns[i]?.[row] ?? null;
    return record;
  });
}

/** Long texts are what makes few rows heavy. @throws queryTooLarge */
function assertLight(rows: readonly Record<string, Cell>[], maxCharacters: number, before: number): number {
  let characters = before;
  for (const row of rows)
    for (const cell of Object.values(row)) if (typeof cell === 'string') characters += cell.length;
  if (characters > maxCharacters)
    throw errors.queryTooLarge({ reason: `its rows hold more than ${maxCharacters} characters of text` });
  return characters;
}

export async function toRows(
  result: DuckDBResult,
  { maxRows = Number.POSITIVE_INFINITY, maxCharacters }: Pick<QueryRequest, 'maxRows' | 'maxCharacters'> = {},
): Promise<QueryReply> {
  const shape = shapeOf(result);
  const rows: Record<string, Cell>[] = [];
  let characters = 0;
  for await (const chunk of chunksOf(result)) {
    // Rows that nobody asked for are not read: they may hold what no reply can, such as numbers of 64 bits.
    if (rows.length >= maxRows)
      return { columns: shape.heads, rows: rows.slice(0, maxRows), truncated: true };
    const more = rowsOf(chunk, shape);
    if (maxCharacters !== undefined) characters = assertLight(more, maxCharacters, characters);
    for (const row of more) rows.push(row);
    if (rows.length > maxRows) break;
  }
  const truncated = rows.length > maxRows;
  return { columns: shape.heads, rows: truncated ? rows.slice(0, maxRows) : rows, truncated };
}

const isNumeric = ({ type }: ColumnHead): boolean =>
  type === 'integer' || type === 'double' || type === 'boolean';

/** Doubles as they lie there: a list of values would be an object per row. */
function doublesOf(vector: DuckDBDoubleVector, rows: number): Float64Array {
  const numbers = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) numbers[row] = vector.getItem(row) ?? Number.NaN;
  return numbers;
}

function numbersOf(chunk: DuckDBDataChunk, index: number, head: ColumnHead): Float64Array {
  const vector = chunk.getColumnVector(index);
  if (vector instanceof DuckDBDoubleVector) return doublesOf(vector, chunk.rowCount);
  const values = chunk.getColumnValues(index);
  const numbers = new Float64Array(values.length);
  for (let row = 0; row < numbers.length; row += 1) {
    const value = values[row];
    if (value === null || value === undefined) numbers[row] = Number.NaN;
    else if (typeof value === 'number') numbers[row] = value;
    else if (typeof value === 'bigint' && head.type === 'integer') numbers[row] = toNumber(value, head.name);
    else if (value instanceof DuckDBDecimalValue) numbers[row] = value.toDouble();
    else numbers[row] = Number(value);
  }
  return numbers;
}

interface ColumnBuilder {
  add(chunk: DuckDBDataChunk): void;
  build(rows: number): ColumnValues;
}

function numberColumn(index: number, head: ColumnHead): ColumnBuilder {
  const parts: Float64Array[] = [];
  return {
    add: (chunk) => void parts.push(numbersOf(chunk, index, head)),
    build(rows) {
      const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
      let offset = 0;
      for (const part of parts) {
        all.set(part, offset);
        offset += part.length;
      }
      return all.length === rows ? all : all.slice(0, rows);
    },
  };
}

function textColumn(index: number, head: ColumnHead, duckdbName: string): ColumnBuilder {
  const all: (string | null)[] = [];
  return {
    add(chunk) {
      for (const cell of cellsOf(chunk, index, head, duckdbName))
        all.push(cell === null ? null : String(cell));
    },
    build: (rows) => all.slice(0, rows),
  };
}

export async function toColumns(
  result: DuckDBResult,
  maxRows = Number.POSITIVE_INFINITY,
): Promise<ColumnsReply> {
  const { heads, duckdbNames } = shapeOf(result);
  const builders = heads.map((head, i) =>
    isNumeric(head) ? numberColumn(i, head) : textColumn(i, head, duckdbNames[i] ?? ''),
  );
  let seen = 0;
  for await (const chunk of chunksOf(result)) {
    for (const builder of builders) builder.add(chunk);
    seen += chunk.rowCount;
    if (seen >= maxRows) break;
  }
  const rowCount = Math.min(seen, maxRows);
  return {
    names: heads.map((head) => head.name),
    types: heads.map((head) => head.type),
    values: builders.map((builder) => builder.build(rowCount)),
    rowCount,
  };
}
