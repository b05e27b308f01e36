/** A thread of its own: reads a Parquet file through DuckDB and cuts it into chunks, away from the event loop. */
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { ChunkSizes, ColumnHead, RowChunk } from './analytics.ts';
import { selectPhysical } from './physical-values.ts';
import { serveOrders } from './query-thread.ts';
import { type CanonicalColumn, rowChunker } from './row-digest.ts';
import { quoteText } from './sql-text.ts';

export interface DigestOrder {
  readonly path: string;
  readonly sizes: ChunkSizes;
}

function canonical(value: DuckDBValue): ReturnType<CanonicalColumn['at']> {
  if (value instanceof DuckDBBlobValue) return value.bytes;
  return value as boolean | bigint | number | null;
}

function canonicalColumns(chunk: DuckDBDataChunk, heads: readonly ColumnHead[]): CanonicalColumn[] {
  return heads.map(({ type }, index) => {
    const vector = chunk.getColumnVector(index);
    return { type, at: (row) => canonical(vector.getItem(row) as DuckDBValue) };
  });
}

async function digestRows(
  connection: DuckDBConnection,
  { path, sizes }: DigestOrder,
  isStopped: () => boolean,
): Promise<readonly RowChunk[]> {
  const source = `read_parquet(${quoteText(path)})`;
  const { selected, heads } = await selectPhysical(connection, source);
  const chunker = rowChunker(sizes);
  const result = await connection.stream(`select ${selected} from ${source}`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (isStopped()) throw new Error('interrupted');
    if (!chunk || chunk.rowCount === 0) return chunker.finish();
    chunker.add(canonicalColumns(chunk, heads), chunk.rowCount);
  }
}

await serveOrders(digestRows);
