import { type Db, transact } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { type Calls, ownerStore } from './store.ts';

const flushMs = 10_000;
/** Different callers between two writes; more are not told apart from none. */
const mostCallers = 10_000;

/** Counts who calls which endpoint: in memory, and added to the database now and then, as no request waits for it. */
export function createCallers({ db, clock, logger }: { db: Db; clock: Clock; logger: Logger }) {
  let counted = new Map<string, Calls>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    if (counted.size === 0) return;
    const calls = counted;
    counted = new Map();
    try {
      await transact(db, (tx) => ownerStore(tx).addCalls([...calls.values()]));
    } catch (error) {
      for (const [key, call] of calls) add(key, call);
      throw error;
    }
  }

  function add(key: string, call: Calls): void {
    const known = counted.get(key);
    if (!known && counted.size >= mostCallers) return;
    const requests = call.requests + (known?.requests ?? 0);
    const firstAt = Math.min(call.firstAt, known?.firstAt ?? call.firstAt);
    counted.set(key, { ...call, requests, firstAt, lastAt: Math.max(call.lastAt, known?.lastAt ?? 0) });
  }

  const flushLater = () =>
    flush().catch((error) => logger.error({ err: error }, 'who called endpoints could not be written down'));

  return {
    flush,

    note(endpoint: string, { workspace, actor }: Caller): void {
      const now = clock.now();
      const call = { workspace, endpoint, actor, requests: 1, firstAt: now, lastAt: now };
      add(`${workspace}\n${endpoint}\n${actor}`, call);
    },

    start(): void {
      timer = setInterval(flushLater, flushMs);
      timer.unref();
    },

    async stop(): Promise<void> {
      clearInterval(timer);
      await flushLater();
    },
  };
}
