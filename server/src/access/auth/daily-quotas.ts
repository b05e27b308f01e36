/**
 * Requests of a token between two midnights, UTC. Counted in memory and written down together, so that no request
 * waits for the database; servers learn of each other's when they write.
 */
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import type { authStore } from './store.ts';

type Store = Pick<ReturnType<typeof authStore>, 'requestsOn' | 'addRequests' | 'forgetDaysBefore'>;

interface Counted {
  readonly day: number;
  used: number;
  /** Of `used`, those that are not in the database yet. */
  unwritten: number;
}

const dayMs = 86_400_000;
const writeEveryMs = 1_000;
const mostKept = 10_000;
const keptDays = 40;

export function createDailyQuotas(store: Store, clock: Clock) {
  const counted = new Map<string, Counted>();
  const loading = new Map<string, Promise<Counted>>();
  let timer: NodeJS.Timeout | null = null;
  let writing = Promise.resolve();
  let cleared = 0;

  async function load(id: string, day: number): Promise<Counted> {
    const used = await store.requestsOn(id, day);
    if (counted.size >= mostKept) await write();
    for (const [key, { unwritten }] of counted) {
      if (counted.size < mostKept) break;
      if (unwritten === 0) counted.delete(key);
    }
    const found = { day, used, unwritten: 0 };
    counted.set(id, found);
    return found;
  }

  function find(id: string, day: number): Counted | Promise<Counted> {
    const found = counted.get(id);
    if (found?.day === day) return found;
    const known = loading.get(id);
    if (known) return known;
    const begun = load(id, day).finally(() => loading.delete(id));
    loading.set(id, begun);
    return begun;
  }

  /** One after another: what is being written is not written twice. */
  function write(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    writing = writing.catch(() => undefined).then(writeAll);
    return writing;
  }

  async function writeAll(): Promise<void> {
    const today = Math.floor(clock.now() / dayMs);
    for (const [id, each] of counted) {
      const { unwritten } = each;
      if (unwritten > 0) {
        const all = await store.addRequests(id, each.day, unwritten);
        each.unwritten -= unwritten;
        each.used = Math.max(each.used, all + each.unwritten);
      }
      if (each.day < today && each.unwritten === 0) counted.delete(id);
    }
    if (cleared < today) await store.forgetDaysBefore(today - keptDays);
    cleared = today;
  }

  function writeSoon(): void {
    if (timer) return;
    // What could not be written is written with the next.
    timer = setTimeout(() => void write().catch(() => undefined), writeEveryMs);
    timer.unref();
  }

  return {
    /** Counts one request. A refused one costs nothing. @throws tokenQuotaExceeded */
    async take(id: string, actor: string, perDay: number): Promise<void> {
      const now = clock.now();
      const day = Math.floor(now / dayMs);
      const found = find(id, day);
      const own = found instanceof Promise ? await found : found;
      if (own.used >= perDay) {
        const retryAfterSeconds = Math.ceil(((day + 1) * dayMs - now) / 1000);
        throw errors.tokenQuotaExceeded({ actor, perDay, retryAfterSeconds });
      }
      own.used++;
      own.unwritten++;
      writeSoon();
    },

    stop: write,
  };
}
