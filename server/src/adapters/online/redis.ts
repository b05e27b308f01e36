import { errors } from '../../base/errors.ts';
import { isOfSubject } from '../../base/subject.ts';
import {
  assertOnlineEvents,
  assertOnlineRows,
  type Loaded,
  type OnlineStore,
  type OnlineSubject,
  type OnlineValues,
} from './online.ts';
import { connectRedis, type RedisAddress, separatorOf } from './redis-connection.ts';
import { threadOrders } from './thread-orders.ts';

export interface RedisOptions extends RedisAddress {
  /** Hears when it stops to answer, and (null) when it answers again. */
  readonly onChange?: (problem: string | null) => void;
}

/** Keys read, and rows written, that may be under way at once; a Redis that hangs must not fill our memory. */
const roomForKeys = 200_000;
const roomForRows = 200_000;
const keysPerCommand = 2_000;
const longestWaitMs = 2_000;

/** One text per entity in a Redis or Valkey that servers share; not for a Redis Cluster, whose keys lie apart. */
export async function openRedisOnline({ url, prefix, onChange }: RedisOptions): Promise<OnlineStore> {
  const redis = connectRedis({ url, prefix }, onChange);
  const loader = threadOrders(new URL('./redis-worker.ts', import.meta.url), { url, prefix });
  const pending = { keys: 0, rows: 0 };
  await firstAnswer();

  /** A Redis that is down keeps nobody from starting: what needs it says so, until it is there. */
  async function firstAnswer(): Promise<void> {
    const waited = Promise.withResolvers<void>();
    const limit = setTimeout(waited.resolve, longestWaitMs);
    redis.client.once('ready', waited.resolve).once('error', () => waited.resolve());
    await waited.promise;
    clearTimeout(limit);
  }

  async function within<T>(kind: 'keys' | 'rows', count: number, work: () => Promise<T>): Promise<T> {
    const limit = kind === 'keys' ? roomForKeys : roomForRows;
    if (pending[kind] > 0 && pending[kind] + count > limit)
      throw errors.onlineBusy({ waiting: pending[kind], limit });
    pending[kind] += count;
    try {
      return await work();
    } finally {
      pending[kind] -= count;
    }
  }

  function readAll(keys: readonly string[]): Promise<(string | null)[]> {
    if (keys.length <= keysPerCommand) return redis.using((client) => client.mget(keys as string[]));
    // Sent together and answered together, but no command holds Redis for long.
    const parts: Promise<(string | null)[]>[] = [];
    for (let start = 0; start < keys.length; start += keysPerCommand)
      parts.push(redis.using((client) => client.mget(keys.slice(start, start + keysPerCommand))));
    return Promise.all(parts).then((found) => found.flat());
  }

  async function* keysOfSubject(view: string, { entity, key }: OnlineSubject): AsyncGenerator<string[]> {
    const start = redis.keyOf(view, '').length;
    for await (const keys of redis.keysOf(view))
      yield keys.filter((each) => isOfSubject(entity, each.slice(start), key));
  }

  return {
    async write(view, rows, { keepMs } = {}) {
      assertOnlineRows(view, rows);
      if (rows.length === 0) return { written: 0 };
      return within('rows', rows.length, async () => ({
        written: await redis.write(view, rows, keepMs ?? 0),
      }));
    },
    load: async (view, path, { signal, onProgress, keepMs = 0 } = {}) =>
      (await loader.ask({ view, path, keepMs }, { signal, onProgress })) as Loaded,
    async append(view, events, { before }) {
      assertOnlineEvents(view, events);
      if (events.length === 0) return { written: 0 };
      return within('rows', events.length, async () => ({
        written: await redis.append(view, events, before),
      }));
    },
    async loadEvents(view, path, { signal, onProgress, ...file }) {
      return (await loader.ask({ view, path, file }, { signal, onProgress })) as Loaded;
    },
    async read(wanted) {
      const keys: string[] = [];
      for (const { view, keys: some } of wanted) for (const key of some) keys.push(redis.keyOf(view, key));
      if (keys.length === 0) return wanted.map(() => []);
      const found = await within('keys', keys.length, () => readAll(keys));
      let next = 0;
      return wanted.map((each) => each.keys.map(() => toValues(found[next++] ?? null)));
    },
    mark: (view, words) => redis.mark(view, words),
    async drop(view) {
      await redis.unmark(view);
      for await (const keys of redis.keysOf(view)) await redis.using((client) => client.unlink(...keys));
    },
    async count(view, subject) {
      let count = 0;
      for await (const keys of keysOfSubject(view, subject)) count += keys.length;
      return count;
    },
    async erase(view, subject) {
      let count = 0;
      for await (const keys of keysOfSubject(view, subject)) {
        if (keys.length > 0) await redis.using((client) => client.unlink(...keys));
        count += keys.length;
      }
      return count;
    },
    describe: () => ({ kind: 'redis', address: redis.address, problem: redis.problem() }),
    async close() {
      await loader.close();
      redis.close();
    },
  };
}

/** What is none of ours was put there by others, and is nobody's value. */
function toValues(held: string | null): OnlineValues | null {
  if (held === null) return null;
  const at = separatorOf(held);
  const eventTime = at > 0 ? Number(held.slice(0, at)) : Number.NaN;
  return Number.isSafeInteger(eventTime) ? { eventTime, values: held.slice(at + 1) } : null;
}
