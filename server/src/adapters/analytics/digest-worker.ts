/** A thread of its own: reads a Parquet file through DuckDB and cuts it into chunks, away from the event loop. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { allChunks } from './all-chunks.ts';
import type { ChunkSizes, RowChunk } from './analytics.ts';
import { memoryOf } from './column-memory.ts';
import { selectPlain } from './plain-columns.ts';
import { serveOrders } from './query-thread.ts';
import { type RowChunker, rowChunker } from './row-digest.ts';
import { quoteText } from './sql-text.ts';

/** Files of a run come one order at a time, between those of other runs. */
export interface DigestOrder {
  readonly run: number;
  readonly sizes: ChunkSizes;
  readonly path: string | null;
  /** Whether the rows are all there; the run is forgotten then. */
  readonly end: boolean;
}

export interface DigestReply {
  /** Of this file. */
  readonly rows: number;
  /** Of all, at the end. */
  readonly chunks: readonly RowChunk[];
}

const runs = new Map<number, RowChunker>();

async function addRows(
  connection: DuckDBConnection,
  path: string,
  chunker: RowChunker,
  isStopped: () => boolean,
): Promise<number> {
  const source = `read_parquet(${quoteText(path)})`;
  const { selected, heads } = await selectPlain(connection, source);
  const result = await connection.stream(`select ${selected} from ${source}`);
  let rows = 0;
  for await (const chunk of allChunks(result)) {
    if (isStopped()) throw new Error('interrupted');
    rows += chunk.rowCount;
    chunker.add(
      heads.map(({ type }, index) => memoryOf(chunk, index, type)),
      chunk.rowCount,
    );
  }
  if (isStopped()) throw new Error('interrupted');
  return rows;
}

async function digestRows(
  connection: DuckDBConnection,
  { run, path, sizes, end }: DigestOrder,
  isStopped: () => boolean,
): Promise<DigestReply> {
  const chunker = runs.get(run) ?? rowChunker(sizes);
  runs.set(run, chunker);
  const rows = path === null ? 0 : await addRows(connection, path, chunker, isStopped);
  if (!end) return { rows, chunks: [] };
  runs.delete(run);
  return { rows, chunks: chunker.finish() };
}

await serveOrders(digestRows);
