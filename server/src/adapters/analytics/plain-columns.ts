import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnHead } from './analytics.ts';
import { castToOurs, columnTypeOf } from './column-types.ts';
import { quoteName } from './sql-text.ts';

/** A source's columns, or those wanted in their order, cast to the plain types of ours that `memoryOf` reads. */
export async function selectPlain(
  connection: DuckDBConnection,
  source: string,
  wanted?: readonly string[],
): Promise<{ selected: string; heads: ColumnHead[] }> {
  const described = (await connection.runAndReadAll(`describe select * from ${source}`)).getRowObjectsJS();
  const all = described.map((column) => {
    const duckdbName = String(column.column_type);
    const head: ColumnHead = { name: String(column.column_name), type: columnTypeOf(duckdbName) };
    return { head, expression: castToOurs(quoteName(head.name), duckdbName) };
  });
  const chosen = wanted ? wanted.flatMap((name) => all.filter(({ head }) => head.name === name)) : all;
  return {
    heads: chosen.map(({ head }) => head),
    selected: chosen.map(({ expression }) => expression).join(', '),
  };
}
