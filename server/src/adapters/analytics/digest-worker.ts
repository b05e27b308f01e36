/** A thread of its own: reads a Parquet file through DuckDB and cuts it into chunks, away from the event loop. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ChunkSizes, ColumnHead, RowChunk } from './analytics.ts';
import { memoryOf } from './column-memory.ts';
import { castToOurs, columnTypeOf } from './column-types.ts';
import { serveOrders } from './query-thread.ts';
import { rowChunker } from './row-digest.ts';
import { quoteName, quoteText } from './sql-text.ts';

export interface DigestOrder {
  readonly path: string;
  readonly sizes: ChunkSizes;
}

async function selectOf(
  connection: DuckDBConnection,
  source: string,
): Promise<{ sql: string; heads: ColumnHead[] }> {
  const described = (await connection.runAndReadAll(`describe select * from ${source}`)).getRowObjectsJS();
  const names = described.map((column) => String(column.column_type));
  const heads = described.map((column, i) => ({
    name: String(column.column_name),
    type: columnTypeOf(names[i] ?? ''),
  }));
  const expressions = heads.map((head, i) => castToOurs(quoteName(head.name), names[i] ?? ''));
  return { heads, sql: `select ${expressions.join(', ')} from ${source}` };
}

async function digestRows(
  connection: DuckDBConnection,
  { path, sizes }: DigestOrder,
  isStopped: () => boolean,
): Promise<readonly RowChunk[]> {
  const source = `read_parquet(${quoteText(path)})`;
  const { sql, heads } = await selectOf(connection, source);
  const chunker = rowChunker(sizes);
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (isStopped()) throw new Error('interrupted');
    if (!chunk || chunk.rowCount === 0) return chunker.finish();
    chunker.add(
      heads.map(({ type }, index) => memoryOf(chunk, index, type)),
      chunk.rowCount,
    );
  }
}

await serveOrders(digestRows);
