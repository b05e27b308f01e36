import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { errors } from '../../base/errors.ts';

export interface ConnectionPool {
  /** Runs `work` on a connection of its own; an abort interrupts whatever statement runs on it. */
  use<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/**
 * A fixed number of connections to one instance. DuckDB's native calls occupy libuv threads (four by default,
 * shared with file reads), so a waiting query costs a queue entry here instead of a thread there.
 */
export function connectionPool(
  instance: DuckDBInstance,
  { size, maxQueue }: { size: number; maxQueue: number },
): ConnectionPool {
  const idle: DuckDBConnection[] = [];
  const waiting: (() => void)[] = [];
  const drained: (() => void)[] = [];
  let busy = 0;

  async function acquire(): Promise<DuckDBConnection> {
    if (busy >= size) {
      if (waiting.length >= maxQueue) throw errors.analyticsBusy({ waiting: waiting.length });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      busy += 1;
    }
    return idle.pop() ?? instance.connect();
  }

  /** The slot goes straight to the next in line, so nobody can take it in between. */
  function release(): void {
    const next = waiting.shift();
    if (next) {
      next();
      return;
    }
    busy -= 1;
    if (busy === 0) for (const resolve of drained.splice(0)) resolve();
  }

  return {
    async use(work, signal) {
      if (signal?.aborted) throw cancelled(signal);
      const connection = await acquire();
      try {
        return await interruptible(connection, signal, () => work(connection));
      } finally {
        idle.push(connection);
        release();
      }
    },
    async close() {
      if (busy > 0) await new Promise<void>((resolve) => drained.push(resolve));
      for (const connection of idle.splice(0)) connection.closeSync();
    },
  };
}

function cancelled({ reason }: AbortSignal) {
  if (!(reason instanceof Error)) return errors.queryCancelled({ reason: 'the caller left' });
  return errors.queryCancelled({
    reason: reason.name === 'TimeoutError' ? 'its time was over' : reason.message,
  });
}

/**
 * DuckDB forgets an interrupt that arrives before its statement has begun, so it is repeated until the work ends.
 */
export async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (!signal) return work();
  if (signal.aborted) throw cancelled(signal);
  let repeat: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    repeat = setInterval(() => connection.interrupt(), 20);
  };
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    const result = await work();
    if (signal.aborted) throw cancelled(signal);
    return result;
  } catch (error) {
    throw signal.aborted ? cancelled(signal) : error;
  } finally {
    clearInterval(repeat);
    signal.removeEventListener('abort', interrupt);
  }
}
