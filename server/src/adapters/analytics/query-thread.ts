/** The thread's side of `worker-orders.ts`: an engine of its own, and one order after the other. */
import { parentPort } from 'node:worker_threads';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Control, Report } from './worker-orders.ts';

/** `isStopped` is asked between batches: an interrupt may find no statement running. */
export type Work<Order, Result> = (
  connection: DuckDBConnection,
  order: Order,
  isStopped: () => boolean,
) => Promise<Result>;

type Message<Order> = (Order & { readonly kind: 'work'; readonly id: number }) | Control;

export async function serveOrders<Order extends object, Result>(
  work: Work<Order, Result>,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const port = parentPort;
  if (!port) return;
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    autoload_known_extensions: 'false',
    ...settings,
  });
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  const interrupted = new Set<number>();
  let running: number | undefined;
  let queue = Promise.resolve();

  async function run(order: Order & { readonly id: number }): Promise<void> {
    const { id } = order;
    running = id;
    try {
      const result = await work(connection, order, () => interrupted.has(id));
      port?.postMessage({ id, result } satisfies Report<Result>);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      port?.postMessage({ id, failure } satisfies Report<Result>);
    } finally {
      running = undefined;
      interrupted.delete(id);
    }
  }

  function interrupt(id: number): void {
    interrupted.add(id);
    if (running === id) connection.interrupt();
  }

  port.on('message', (message: Message<Order>) => {
    if (message.kind === 'work') queue = queue.then(() => run(message));
    else if (message.kind === 'interrupt') interrupt(message.id);
    // Closing the port lets the thread end by itself; terminating it during a query would abort the program.
    else
      void queue.then(() => {
        connection.closeSync();
        instance.closeSync();
        port.close();
      });
  });
}
