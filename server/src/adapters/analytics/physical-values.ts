import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnHead } from './analytics.ts';
import { castToOurs, columnTypeOf } from './column-types.ts';
import { quoteName } from './sql-text.ts';

/** A source's columns as values without objects: days, microseconds and UTF-8 bytes for date, timestamp and text. */
export async function selectPhysical(
  connection: DuckDBConnection,
  source: string,
  wanted?: readonly string[],
): Promise<{ selected: string; heads: ColumnHead[] }> {
  const described = (await connection.runAndReadAll(`describe select * from ${source}`)).getRowObjectsJS();
  const all = described.map((column) => {
    const duckdbName = String(column.column_type);
    const head: ColumnHead = { name: String(column.column_name), type: columnTypeOf(duckdbName) };
    return { head, expression: physical(head, duckdbName) };
  });
  const chosen = wanted ? wanted.flatMap((name) => all.filter(({ head }) => head.name === name)) : all;
  return {
    heads: chosen.map(({ head }) => head),
    selected: chosen.map(({ expression }) => expression).join(', '),
  };
}

function physical({ name, type }: ColumnHead, duckdbName: string): string {
  const value = castToOurs(quoteName(name), duckdbName);
  if (type === 'date') return `cast(${value} - DATE '1970-01-01' as INTEGER)`;
  if (type === 'timestamp') return `epoch_us(${value})`;
  return type === 'text' ? `encode(${value})` : value;
}
