import { Worker } from 'node:worker_threads';
import { errors } from '../../base/errors.ts';
import type { ChunkSizes, RowChunk } from './analytics.ts';
import type { DigestOrder, DigestReport } from './digest-worker.ts';

interface Waiting {
  resolve(chunks: readonly RowChunk[]): void;
  reject(error: Error): void;
}

export interface FileDigester {
  digest(path: string, sizes: ChunkSizes, signal?: AbortSignal): Promise<readonly RowChunk[]>;
  close(): Promise<void>;
}

/** One worker thread, started by the first file; files take turns in it. */
export function fileDigester({ maxQueue }: { maxQueue: number }): FileDigester {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;

  function settle(report: DigestReport): void {
    const entry = waiting.get(report.id);
    waiting.delete(report.id);
    if (waiting.size === 0) worker?.unref();
    if ('chunks' in report) entry?.resolve(report.chunks);
    else entry?.reject(errors.queryFailed({ reason: report.failure }));
  }

  function lose(error: unknown): void {
    worker = undefined;
    const reason = error instanceof Error ? error.message : 'the digest thread ended';
    for (const entry of waiting.values()) entry.reject(errors.queryFailed({ reason }, error));
    waiting.clear();
  }

  function started(): Worker {
    if (worker) return worker;
    const fresh = new Worker(new URL('./digest-worker.ts', import.meta.url));
    fresh.on('message', settle);
    fresh.on('error', lose);
    fresh.on('exit', () => worker === fresh && lose(undefined));
    worker = fresh;
    return fresh;
  }

  const post = (order: DigestOrder): void => started().postMessage(order);

  return {
    async digest(path, sizes, signal) {
      if (waiting.size >= maxQueue) throw errors.analyticsBusy({ waiting: waiting.size });
      if (signal?.aborted) throw errors.queryCancelled({ reason: 'the caller left' });
      lastId += 1;
      const id = lastId;
      const interrupt = () => post({ kind: 'interrupt', id });
      signal?.addEventListener('abort', interrupt, { once: true });
      try {
        return await new Promise<readonly RowChunk[]>((resolve, reject) => {
          waiting.set(id, { resolve, reject });
          post({ kind: 'digest', id, path, sizes });
          worker?.ref();
        });
      } catch (error) {
        throw signal?.aborted ? errors.queryCancelled({ reason: 'the caller left' }, error) : error;
      } finally {
        signal?.removeEventListener('abort', interrupt);
      }
    },
    async close() {
      const closing = worker;
      if (!closing) return;
      closing.ref();
      const ended = new Promise<void>((resolve) => closing.once('exit', () => resolve()));
      closing.postMessage({ kind: 'close' } satisfies DigestOrder);
      await ended;
    },
  };
}
