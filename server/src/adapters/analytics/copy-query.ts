import { rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ImportReply, QueryRequest } from './analytics.ts';
import { castToOurs, columnTypeOf } from './column-types.ts';
import { bindParameters } from './parameters.ts';
import { quoteName, quoteText, withTables } from './sql-text.ts';

/** See `Analytics.copy`: trusted SQL only, since the text becomes part of another statement. */
export async function copyQuery(
  connection: DuckDBConnection,
  request: QueryRequest & { readonly to: string },
): Promise<ImportReply> {
  const statement = await connection.prepare(withTables(request.sql, request.tables));
  const shape = Array.from({ length: statement.columnCount }, (_, i) => ({
    name: statement.columnName(i),
    duckdbName: String(statement.columnType(i)),
  }));
  statement.destroySync();
  const selected = shape.map(
    ({ name, duckdbName }) => `${castToOurs(quoteName(name), duckdbName)} as ${quoteName(name)}`,
  );
  const rows = `select ${selected.join(', ')} from (${withTables(request.sql, request.tables)}\n)`;
  const copied = await connection.prepare(
    `copy (${rows}) to ${quoteText(request.to)} (format parquet, compression zstd)`,
  );
  try {
    bindParameters(copied, request.parameters);
    await copied.run();
  } catch (error) {
    await rm(request.to, { force: true });
    throw error;
  } finally {
    copied.destroySync();
  }
  return describeCopied(connection, request.to, shape);
}

async function describeCopied(
  connection: DuckDBConnection,
  path: string,
  shape: readonly { name: string; duckdbName: string }[],
): Promise<ImportReply> {
  const counts = shape.map(({ name }, i) => `(count(*) - count(${quoteName(name)}))::double as n${i}`);
  const reply = await connection.runAndReadAll(
    `select count(*)::double as row_count, ${counts.join(', ')} from read_parquet(${quoteText(path)})`,
  );
  const found = reply.getRowObjectsJS()[0] ?? {};
  const columns = shape.map(({ name, duckdbName }, i) => {
    return { name, type: columnTypeOf(duckdbName), nullable: Number(found[`n${i}`]) > 0 };
  });
  return { columns, rows: Number(found.row_count) };
}
