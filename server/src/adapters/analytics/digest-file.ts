import type { ChunkSizes, RowChunk } from './analytics.ts';
import type { DigestOrder } from './digest-worker.ts';
import { workerOrders } from './worker-orders.ts';

export interface FileDigester {
  digest(path: string, sizes: ChunkSizes, signal?: AbortSignal): Promise<readonly RowChunk[]>;
  close(): Promise<void>;
}

export function fileDigester(limits: { maxQueue: number }): FileDigester {
  const thread = workerOrders<DigestOrder, readonly RowChunk[]>(
    new URL('./digest-worker.ts', import.meta.url),
    limits,
  );
  return { digest: (path, sizes, signal) => thread.ask({ path, sizes }, signal), close: thread.close };
}
