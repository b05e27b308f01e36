/** The thread's side of `thread-orders.ts`. Orders run side by side as far as they wait for something. */
import { parentPort } from 'node:worker_threads';
import { TidemillError } from '../../base/errors.ts';

export interface OrderContext {
  readonly report: (rows: number) => void;
  /** @throws when nobody waits for the order any more */
  readonly assertWanted: () => void;
}

export type ToThread =
  | { readonly kind: 'order'; readonly id: number; readonly order: unknown }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'close' };

export type FromThread =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly progress: number }
  | { readonly id: number; readonly failure: Failure };

export interface Failure {
  readonly code: string | null;
  readonly details: Record<string, unknown>;
  readonly message: string;
}

export function serveOrders<Order>(
  work: (order: Order, context: OrderContext) => Promise<unknown>,
  close: () => void | Promise<void>,
): void {
  const port = parentPort;
  if (!port) return;
  const cancelled = new Set<number>();
  const running = new Map<number, Promise<void>>();
  const tell = (message: FromThread) => port.postMessage(message);

  async function run(id: number, order: Order): Promise<void> {
    const context: OrderContext = {
      report: (progress) => tell({ id, progress }),
      assertWanted() {
        if (cancelled.has(id)) throw new Error('cancelled');
      },
    };
    try {
      tell({ id, result: await work(order, context) });
    } catch (error) {
      tell({ id, failure: failureOf(error) });
    } finally {
      running.delete(id);
      cancelled.delete(id);
    }
  }

  port.on('message', (message: ToThread) => {
    if (message.kind === 'cancel') {
      if (running.has(message.id)) cancelled.add(message.id);
    } else if (message.kind === 'order') running.set(message.id, run(message.id, message.order as Order));
    else
      void Promise.all(running.values())
        .then(close)
        .finally(() => port.close());
  });
}

function failureOf(error: unknown): Failure {
  if (error instanceof TidemillError)
    return { code: error.code, details: { ...error.details }, message: error.message };
  return { code: null, details: {}, message: error instanceof Error ? error.message : String(error) };
}
