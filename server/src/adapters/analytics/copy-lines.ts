import { rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { QueryRequest } from './analytics.ts';
import { bindParameters } from './parameters.ts';
import { quoteText, withTables } from './sql-text.ts';

/** CSV of one column, but nothing is quoted and nothing is taken for a delimiter. */
const asLines = "format csv, header false, quote '', escape '', delimiter e'\\x01'";

/** See `Analytics.copyLines`. */
export async function copyLines(
  connection: DuckDBConnection,
  request: QueryRequest & { readonly to: string },
): Promise<void> {
  const rows = withTables(request.sql, request.tables);
  const statement = await connection.prepare(`copy (${rows}\n) to ${quoteText(request.to)} (${asLines})`);
  try {
    bindParameters(statement, request.parameters);
    await statement.run();
  } catch (error) {
    await rm(request.to, { force: true });
    throw error;
  } finally {
    statement.destroySync();
  }
}
