import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { errors, type TidemillError } from '../../base/errors.ts';
import type { Order, Outcome } from './compute-worker.ts';
import type { Compute, ComputeOptions, ComputeTask } from './executor.ts';

export interface PoolOptions {
  readonly threads?: number;
  /** Tasks that wait for a thread; later ones fail with `computeBusy`. */
  readonly maxQueue?: number;
}

const workerFile = fileURLToPath(new URL('./compute-worker.ts', import.meta.url));

const cancelled = (signal: AbortSignal): TidemillError =>
  errors.computeCancelled({
    reason: signal.reason instanceof Error ? signal.reason.message : 'it is no longer wanted',
  });

type AnyError = (details: Readonly<Record<string, unknown>>) => TidemillError;

function revived({ code, details }: Extract<Outcome, { failure: unknown }>['failure']): Error {
  const build = (errors as unknown as Record<string, AnyError | undefined>)[code];
  return build ? build(details) : new Error(code);
}

/** Reports still on their way when the result arrives belong before it. */
function drain(port: MessagePort, onProgress: ComputeOptions['onProgress']): void {
  for (;;) {
    const next = receiveMessageOnPort(port);
    if (!next) return;
    onProgress?.(next.message as never);
  }
}

/** Our own heavy functions in worker threads (piscina), which run the .ts sources as they are. */
export function workerPool({ threads = availableParallelism(), maxQueue = 64 }: PoolOptions = {}): Compute {
  const pool = new Piscina({
    filename: workerFile,
    name: 'run',
    minThreads: 0,
    maxThreads: threads,
    maxQueue,
    idleTimeout: 30_000,
  });

  async function start(task: ComputeTask, port: MessagePort, abandoned: Int32Array, signal?: AbortSignal) {
    const { module, name, input } = task;
    const order: Order = { module: module.href, name, input, port, abandoned };
    // piscina ends the thread of an aborted task, which native code does not survive.
    const kill = task.native ? undefined : signal;
    const running = pool.run(order, {
      transferList: [port],
      ...(kill ? { signal: kill } : {}),
    }) as Promise<Outcome>;
    return task.native && signal ? abandonable(running, signal, abandoned) : running;
  }

  return {
    async compute<T>(task: ComputeTask, { signal, onProgress }: ComputeOptions = {}): Promise<T> {
      if (signal?.aborted) throw cancelled(signal);
      if (pool.queueSize >= maxQueue) throw errors.computeBusy({ waiting: pool.queueSize });
      const { port1, port2 } = new MessageChannel();
      port1.on('message', (progress) => onProgress?.(progress as never));
      port1.unref();
      try {
        const abandoned = new Int32Array(new SharedArrayBuffer(4));
        const outcome = await start(task, port2, abandoned, signal);
        drain(port1, onProgress);
        if ('failure' in outcome) throw revived(outcome.failure);
        return outcome.value as T;
      } catch (error) {
        throw signal?.aborted ? cancelled(signal) : error;
      } finally {
        port1.close();
      }
    },
    /** What runs is waited for: ending a thread in the middle of native code would end the program. */
    close: () => pool.close(),
  };
}

/** Frees the caller on abort; the function learns of it at its next report. */
async function abandonable<T>(running: Promise<T>, signal: AbortSignal, abandoned: Int32Array): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => {
    Atomics.store(abandoned, 0, 1);
    reject(cancelled(signal));
  };
  signal.addEventListener('abort', abort, { once: true });
  running.catch(() => undefined);
  try {
    return await Promise.race([running, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
