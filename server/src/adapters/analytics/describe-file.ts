import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnHead } from './analytics.ts';
import { columnTypeOf } from './column-types.ts';
import { quoteText } from './sql-text.ts';

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
