import type { ChunkSizes, RowChunk } from './analytics.ts';
import type { DigestOrder, DigestReply } from './digest-worker.ts';
import { workerOrders } from './worker-orders.ts';

/** The rows of files one behind the other, cut while later files may still be written. */
export interface DigestRun {
  /** Gives the rows of the file; files count in the order of these calls. */
  add(path: string): Promise<number>;
  finish(): Promise<readonly RowChunk[]>;
  /** Whatever was added: nothing of it is wanted any more. */
  drop(): void;
}

export interface FileDigester {
  open(sizes: ChunkSizes, signal?: AbortSignal): DigestRun;
  digest(paths: readonly string[], sizes: ChunkSizes, signal?: AbortSignal): Promise<readonly RowChunk[]>;
  close(): Promise<void>;
}

export function fileDigester(limits: { maxQueue: number }): FileDigester {
  const thread = workerOrders<DigestOrder, DigestReply>(
    new URL('./digest-worker.ts', import.meta.url),
    limits,
  );
  let lastRun = 0;

  function open(sizes: ChunkSizes, signal?: AbortSignal): DigestRun {
    lastRun += 1;
    const run = lastRun;
    return {
      add: async (path) => (await thread.ask({ run, sizes, path, end: false }, signal)).rows,
      finish: async () => (await thread.ask({ run, sizes, path: null, end: true }, signal)).chunks,
      drop: () => void thread.ask({ run, sizes, path: null, end: true }).catch(() => undefined),
    };
  }

  return {
    open,
    async digest(paths, sizes, signal) {
      const run = open(sizes, signal);
      try {
        for (const path of paths) await run.add(path);
        return await run.finish();
      } catch (error) {
        run.drop();
        throw error;
      }
    },
    close: thread.close,
  };
}
