import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';

/**
 * For who reads a result to its end: the engine makes the next chunk on a thread of its own while this one is looked at.
 * Who may stop early would wait for a chunk that nobody wants.
 */
export async function* allChunks(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk> {
  let next = result.fetchChunk();
  try {
    for (;;) {
      const chunk = await next;
      if (!chunk || chunk.rowCount === 0) return;
      next = result.fetchChunk();
      // A failure is met where it is awaited; until then it must not count as unhandled.
      next.catch(() => undefined);
      yield chunk;
    }
  } finally {
    // Nobody may close the connection while it still fetches.
    await next.catch(() => undefined);
  }
}
