import { Worker } from 'node:worker_threads';
import { errors } from '../../base/errors.ts';

/** What the thread hears, beside its own orders `{ kind: 'work', id, … }`. */
export type Control = { readonly kind: 'interrupt'; readonly id: number } | { readonly kind: 'close' };
/** What it answers: each order once. */
export type Report<T> =
  | { readonly id: number; readonly result: T }
  | { readonly id: number; readonly failure: string };

export interface WorkerOrders<Order, Result> {
  ask(order: Order, signal?: AbortSignal): Promise<Result>;
  close(): Promise<void>;
}

interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** One worker thread, started by the first order; orders take turns in it. It is asked to stop, never terminated. */
export function workerOrders<Order extends object, Result>(
  script: URL,
  { maxQueue }: { maxQueue: number },
): WorkerOrders<Order, Result> {
  const waiting = new Map<number, Waiting<Result>>();
  let worker: Worker | undefined;
  let lastId = 0;

  function settle(report: Report<Result>): void {
    const entry = waiting.get(report.id);
    waiting.delete(report.id);
    if (waiting.size === 0) worker?.unref();
    if ('result' in report) entry?.resolve(report.result);
    else entry?.reject(errors.queryFailed({ reason: report.failure }));
  }

  function lose(error: unknown): void {
    worker = undefined;
    const reason = error instanceof Error ? error.message : 'the thread ended';
    for (const entry of waiting.values()) entry.reject(errors.queryFailed({ reason }, error));
    waiting.clear();
  }

  function started(): Worker {
    if (worker) return worker;
    const fresh = new Worker(script);
    fresh.on('message', settle);
    fresh.on('error', lose);
    fresh.on('exit', () => worker === fresh && lose(undefined));
    worker = fresh;
    return fresh;
  }

  return {
    async ask(order, signal) {
      if (waiting.size >= maxQueue) throw errors.analyticsBusy({ waiting: waiting.size });
      if (signal?.aborted) throw errors.queryCancelled({ reason: 'the caller left' });
      lastId += 1;
      const id = lastId;
      const interrupt = () => started().postMessage({ kind: 'interrupt', id } satisfies Control);
      signal?.addEventListener('abort', interrupt, { once: true });
      try {
        return await new Promise<Result>((resolve, reject) => {
          waiting.set(id, { resolve, reject });
          started().postMessage({ ...order, kind: 'work', id });
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
      closing.postMessage({ kind: 'close' } satisfies Control);
      await ended;
    },
  };
}
