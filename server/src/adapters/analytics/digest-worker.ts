/** A thread of its own: reads a Parquet file through DuckDB and cuts it into chunks, away from the event loop. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ChunkSizes, RowChunk } from './analytics.ts';
import { memoryOf } from './column-memory.ts';
import { selectPlain } from './plain-columns.ts';
import { serveOrders } from './query-thread.ts';
import { rowChunker } from './row-digest.ts';
import { quoteText } from './sql-text.ts';

export interface DigestOrder {
  readonly path: string;
  readonly sizes: ChunkSizes;
}

async function digestRows(
  connection: DuckDBConnection,
  { path, sizes }: DigestOrder,
  isStopped: () => boolean,
): Promise<readonly RowChunk[]> {
  const source = `read_parquet(${quoteText(path)})`;
  const { selected, heads } = await selectPlain(connection, source);
  const chunker = rowChunker(sizes);
  const result = await connection.stream(`select ${selected} from ${source}`);
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
