import { rm } from 'node:fs/promises';
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { errors } from '../../base/errors.ts';
import type { ImportReply } from './analytics.ts';
import { castToOurs, columnTypeOf } from './column-types.ts';
import { quoteName, quoteText } from './sql-text.ts';

interface Target {
  readonly to: string;
  readonly maxRows?: number;
}

async function append(
  connection: DuckDBConnection,
  result: DuckDBResult,
  { maxRows }: Target,
): Promise<number> {
  const appender = await connection.createAppender('sealed', 'main', 'temp');
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    rows += chunk.rowCount;
    if (maxRows !== undefined && rows > maxRows)
      throw errors.queryTooLarge({ reason: `the result has more than ${maxRows} rows` });
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  return rows;
}

/**
 * Carries a sandbox's result over, batch by batch, to a connection that may write, and from there to a Parquet
 * file. The sandbox's SQL never becomes text of ours; only the types of its columns do, which DuckDB quotes.
 */
export async function copyResult(
  connection: DuckDBConnection,
  result: DuckDBResult,
  target: Target,
): Promise<ImportReply> {
  const types = result.columnTypes().map(String);
  const names = result.deduplicatedColumnNames();
  const shape = types.map((type, i) => `c${i} ${type}`).join(', ');
  await connection.run(`create or replace temp table sealed (${shape})`);
  try {
    const rows = await append(connection, result, target);
    return await writeTable(connection, { types, names, rows }, target.to);
  } catch (error) {
    await rm(target.to, { force: true });
    throw error;
  } finally {
    await connection.run('drop table if exists temp.sealed');
  }
}

async function writeTable(
  connection: DuckDBConnection,
  { types, names, rows }: { types: readonly string[]; names: readonly string[]; rows: number },
  to: string,
): Promise<ImportReply> {
  const selected = names.map((name, i) => `${castToOurs(`c${i}`, types[i] ?? '')} as ${quoteName(name)}`);
  const copied = `select ${selected.join(', ')} from temp.sealed`;
  await connection.run(`copy (${copied}) to ${quoteText(to)} (format parquet, compression zstd)`);
  const counts = names.map((_, i) => `(count(*) - count(c${i}))::double as n${i}`).join(', ');
  const counted = (await connection.runAndReadAll(`select ${counts} from temp.sealed`)).getRowObjectsJS()[0];
  const columns = names.map((name, i) => {
    return { name, type: columnTypeOf(types[i] ?? ''), nullable: Number(counted?.[`n${i}`]) > 0 };
  });
  return { columns, rows };
}
