/** Orders to a thread of our own that starts at the first of them; see `thread-server.ts`. */
import { Worker } from 'node:worker_threads';
import { errors, type TidemillError } from '../../base/errors.ts';
import type { Failure, FromThread, ToThread } from './thread-server.ts';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress?: ((rows: number) => void) | undefined;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((rows: number) => void) | undefined;
}

type AnyError = (details: Readonly<Record<string, unknown>>) => TidemillError;

function revived({ code, details, message }: Failure): Error {
  const build = code === null ? undefined : (errors as unknown as Record<string, AnyError | undefined>)[code];
  return build ? build(details) : new Error(message);
}

export function threadOrders(module: URL, data: object) {
  const pending = new Map<number, Pending>();
  let worker: Worker | undefined;
  let ended: Promise<void> = Promise.resolve();
  let last = 0;

  /** An idle thread does not keep the program alive. */
  function settle(id: number): Pending | undefined {
    const found = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) worker?.unref();
    return found;
  }

  function hear(message: FromThread): void {
    if ('progress' in message) pending.get(message.id)?.onProgress?.(message.progress);
    else if ('failure' in message) settle(message.id)?.reject(revived(message.failure));
    else settle(message.id)?.resolve(message.result);
  }

  function start(): Worker {
    const started = new Worker(module, { workerData: data });
    const { promise, resolve } = Promise.withResolvers<void>();
    ended = promise;
    let problem: unknown = new Error('the thread of the online store ended');
    started.on('message', hear);
    started.on('error', (error) => {
      problem = error;
    });
    started.on('exit', () => {
      if (worker === started) worker = undefined;
      for (const id of [...pending.keys()]) settle(id)?.reject(problem);
      resolve();
    });
    return started;
  }

  const tell = (message: ToThread) => worker?.postMessage(message);

  async function ask(order: object, { signal, onProgress }: AskOptions = {}): Promise<unknown> {
    signal?.throwIfAborted();
    worker ??= start();
    worker.ref();
    const id = ++last;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    pending.set(id, { resolve, reject, onProgress });
    tell({ kind: 'order', id, order });
    const cancel = () => tell({ kind: 'cancel', id });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await promise;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  return {
    ask,
    isRunning: () => worker !== undefined,
    /** After what was asked for. */
    async close(): Promise<void> {
      if (!worker) return;
      worker.ref();
      tell({ kind: 'close' });
      await ended;
    },
  };
}
