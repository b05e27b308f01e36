import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnHead } from './analytics.ts';
import { columnTypeOf } from './column-types.ts';
import { quoteList, quoteText } from './sql-text.ts';

/** Reads the file's footer only. */
export async function describeFile(
  connection: DuckDBConnection,
  path: string,
): Promise<{ columns: readonly ColumnHead[]; rows: number }> {
  const source = `read_parquet(${quoteText(path)})`;
  const described = await connection.runAndReadAll(`describe select * from ${source}`);
  const counted = await connection.runAndReadAll(`select count(*)::double as n from ${source}`);
  const columns = described.getRowObjectsJS().map((column) => ({
    name: String(column.column_name),
    type: columnTypeOf(String(column.column_type)),
  }));
  return { columns, rows: Number(counted.getRowObjectsJS()[0]?.n) };
}

/** See `Analytics.countRows`. */
export async function countRows(connection: DuckDBConnection, paths: readonly string[]): Promise<number[]> {
  if (paths.length === 0) return [];
  const reply = await connection.runAndReadAll(
    `select file_name, num_rows::double as n from parquet_file_metadata(${quoteList([...new Set(paths)])})`,
  );
  const counts = new Map(reply.getRowObjectsJS().map((row) => [String(row.file_name), Number(row.n)]));
  return paths.map((path) => counts.get(path) ?? 0);
}
