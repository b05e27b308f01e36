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
    const calls = [...counted.values()];
    counted = new Map();
    if (calls.length > 0) await transact(db, (tx) => ownerStore(tx).addCalls(calls));
  }

  const flushLater = () =>
    flush().catch((error) => logger.error({ err: error }, 'who called endpoints could not be written down'));

  return {
    flush,

    note(endpoint: string, { workspace, actor }: Caller): void {
      const key = `${workspace}\n${endpoint}\n${actor}`;
      const before = counted.get(key);
      if (!before && counted.size >= mostCallers) return;
      const lastAt = clock.now();
      const { requests = 0, firstAt = lastAt } = before ?? {};
      counted.set(key, { workspace, endpoint, actor, requests: requests + 1, firstAt, lastAt });
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
