import type { DuckDBConnection } from '@duckdb/node-api';
import { errors } from '../../base/errors.ts';
import type { ImportRequest } from './analytics.ts';
import { type CsvHeader, readCsvHeader } from './csv-header.ts';
import { quoteName, quoteText } from './sql-text.ts';

/** A column of the file before its type is settled. */
export interface RawColumn {
  readonly source: string;
  readonly name: string;
  readonly duckdbName: string;
}

export interface Reader {
  readonly sql: string;
  readonly columns: readonly RawColumn[];
  readonly header?: CsvHeader;
}

export async function objects(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJS() as Record<string, unknown>[];
}

/** The rows of a CSV, or of a piece of it behind its header. */
export function csvSql(path: string, { names, delimiter }: CsvHeader, hasHeader: boolean): string {
  const shape = names.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ');
  return `read_csv(${quoteText(path)}, auto_detect = false, header = ${hasHeader}, columns = {${shape}}, delim = ${quoteText(delimiter)}, quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false)`;
}

/** Every value as text under neutral names: hostile headers reach no SQL, and no row decides how others are read. */
async function csvReader(path: string, file: string, delimiter?: '\t'): Promise<Reader> {
  const header = await readCsvHeader(path, file, delimiter);
  return {
    sql: csvSql(path, header, true),
    header,
    columns: header.names.map((name, i) => ({ source: `c${i}`, name, duckdbName: 'TEXT' })),
  };
}

function sourceSql(format: ImportRequest['format'], path: string): string {
  if (format === 'parquet') return `read_parquet(${quoteText(path)})`;
  const layout = format === 'ndjson' ? 'newline_delimited' : 'array';
  return `read_json(${quoteText(path)}, format = '${layout}', records = true, sample_size = -1, map_inference_threshold = -1, maximum_depth = 2)`;
}

export async function openReader(
  connection: DuckDBConnection,
  request: ImportRequest,
  file: string,
): Promise<Reader> {
  if (request.format === 'csv') return csvReader(request.path, file);
  if (request.format === 'tsv') return csvReader(request.path, file, '\t');
  const sql = sourceSql(request.format, request.path);
  const described = await objects(connection, `describe select * from ${sql}`);
  const columns = described.map((column) => ({
    source: String(column.column_name),
    name: String(column.column_name),
    duckdbName: String(column.column_type),
  }));
  return { sql, columns: request.format === 'parquet' ? columns : await narrowed(connection, sql, columns) };
}

/** DuckDB takes whole numbers of both signs in JSON for 128 bits; they mostly are of 64, as in any other file. */
async function narrowed(
  connection: DuckDBConnection,
  sql: string,
  columns: readonly RawColumn[],
): Promise<RawColumn[]> {
  const huge = columns.filter(({ duckdbName }) => duckdbName === 'HUGEINT');
  if (huge.length === 0) return [...columns];
  const counts = huge.map(
    ({ source }, i) =>
      `(count(${quoteName(source)}) - count(try_cast(${quoteName(source)} as BIGINT)))::double as n${i}`,
  );
  const [found = {}] = await objects(connection, `select ${counts.join(', ')} from ${sql}`);
  const narrow = new Set(huge.filter((_, i) => found[`n${i}`] === 0));
  return columns.map((column) => (narrow.has(column) ? { ...column, duckdbName: 'BIGINT' } : column));
}

export function renamed(
  columns: readonly RawColumn[],
  mapping: Readonly<Record<string, string>>,
  file: string,
): RawColumn[] {
  const ours = new Map(Object.entries(mapping).map(([own, theirs]) => [theirs, own]));
  const names = columns.map((column) => column.name);
  for (const theirs of ours.keys())
    if (!names.includes(theirs))
      throw errors.fileUnreadable({
        file,
        column: theirs,
        reason: `the mapping names it, but the file has ${names.join(', ')}`,
        remedy: 'Name a column of the file after the equals sign',
      });
  const result = columns.map((column) => ({ ...column, name: ours.get(column.name) ?? column.name }));
  const seen = new Set<string>();
  for (const { name } of result) {
    if (seen.has(name.toLowerCase()))
      throw errors.fileUnreadable({
        file,
        column: name,
        reason: 'after the mapping two columns have this name',
        remedy: 'Map the other one to another name',
      });
    seen.add(name.toLowerCase());
  }
  return result;
}

/** Types whose statistics a file keeps, and whose order is that of a cursor; times with a zone are left out. */
const orderedTypes = /^(?:TINYINT|SMALLINT|INTEGER|BIGINT|DOUBLE|VARCHAR|DATE|TIMESTAMP)$/;

/** See `ImportRequest.behind`. */
export async function narrowedRows(
  connection: DuckDBConnection,
  reader: Reader,
  { format, behind }: ImportRequest,
): Promise<Reader> {
  const column = reader.columns.find(({ name }) => name === behind?.column);
  if (!behind || !column || format !== 'parquet' || !orderedTypes.test(column.duckdbName)) return reader;
  const after = `${quoteText(behind.after)} as ${column.duckdbName})`;
  const [found] = await objects(connection, `select try_cast(${after} is not null as fits`);
  if (found?.fits !== true) return reader;
  return { ...reader, sql: `(from ${reader.sql} where ${quoteName(column.source)} > cast(${after})` };
}
