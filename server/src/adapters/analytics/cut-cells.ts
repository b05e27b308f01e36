import type { DuckDBConnection } from '@duckdb/node-api';
import { cutText } from '../../base/sql-text.ts';
import { select } from './sealed-engine.ts';
import { quoteName } from './sql-text.ts';

/** A user's select with its long texts cut, so that none of them is read whole. */
export async function cutCells(
  connection: DuckDBConnection,
  { sql }: { readonly sql: string },
  most: number,
): Promise<{ sql: string }> {
  const { columns, from } = await select(connection, sql.trim().replace(/[;\s]+$/, ''));
  const cells = columns.map(
    ({ name, type }, i) => `${type === 'text' ? cutText(`c${i}`, most) : `c${i}`} as ${quoteName(name)}`,
  );
  return { sql: `select ${cells.join(', ')} from ${from}` };
}
