/** Events on their way to one address: bounded, in batches, sent again while the receiver is down. Never waited for. */
import type { Attempt } from '../../adapters/notify/notify.ts';

export interface QueueOptions<T> {
  readonly send: (items: readonly T[], signal: AbortSignal) => Promise<Attempt>;
  readonly batch: number;
  readonly room?: number;
  readonly intervalMs?: number;
  readonly firstDelayMs?: number;
  readonly longestDelayMs?: number;
  readonly attempts?: number;
}

export interface QueueCounts {
  readonly delivered: number;
  /** No room, or refused, or not taken in all attempts. */
  readonly lost: number;
  readonly waiting: number;
  /** Why the last message was not taken; null once one is. */
  readonly problem: string | null;
}

export function createSinkQueue<T>(options: QueueOptions<T>) {
  const { send, batch, room = 10_000, intervalMs = 500, attempts = 10 } = options;
  const { firstDelayMs = 500, longestDelayMs = 30_000 } = options;
  const stopping = new AbortController();
  let waiting: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | null = null;
  let [delivered, lost] = [0, 0];
  let inHand = 0;
  let problem: string | null = null;

  function wake(): void {
    clearTimeout(timer);
    timer = undefined;
    if (working || waiting.length === 0) return;
    working = work().finally(() => {
      working = null;
      if (waiting.length > 0 && !stopping.signal.aborted) timer ??= setTimeout(wake, intervalMs).unref();
    });
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const items = waiting.slice(0, batch);
      waiting = waiting.slice(batch);
      inHand = items.length;
      if (await deliver(items)) delivered += items.length;
      else lost += items.length;
      inHand = 0;
    }
  }

  async function deliver(items: readonly T[]): Promise<boolean> {
    for (let number = 1; ; number++) {
      const tried = await send(items, stopping.signal);
      problem = tried.isDelivered ? null : tried.reason;
      if (tried.isDelivered) return true;
      if (number >= attempts || !tried.isWorthRepeating || stopping.signal.aborted) return false;
      const delay = Math.max(tried.retryAfterMs ?? 0, firstDelayMs * 2 ** (number - 1));
      await pause(Math.min(delay, longestDelayMs), stopping.signal);
    }
  }

  return {
    add(item: T): void {
      if (waiting.length + inHand >= room || stopping.signal.aborted) {
        lost++;
        return;
      }
      waiting.push(item);
      if (waiting.length >= batch) wake();
      else timer ??= setTimeout(wake, intervalMs).unref();
    },
    counts: (): QueueCounts => ({ delivered, lost, waiting: waiting.length + inHand, problem }),
    /** Sends what waits, as far as it goes within `graceMs`; the rest is lost. */
    async close(graceMs: number): Promise<void> {
      const limit = setTimeout(() => stopping.abort(), graceMs);
      wake();
      await working;
      wake();
      await working;
      clearTimeout(limit);
      stopping.abort();
    },
  };
}

export type SinkQueue<T> = ReturnType<typeof createSinkQueue<T>>;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    signal.addEventListener('abort', end);
  });
}
