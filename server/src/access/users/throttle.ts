/** Wrong passwords are counted by user and address, by user and by address; a right one gives back what it took. */
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';

interface Limit {
  /** Wrong ones that may come at once, and how long until one more may. */
  readonly burst: number;
  readonly everyMs: number;
}

/** Only a few from one place; so many from everywhere that one user cannot be locked out by one place. */
const limits = {
  pair: { burst: 5, everyMs: 30_000 },
  user: { burst: 50, everyMs: 6_000 },
  address: { burst: 100, everyMs: 1_000 },
} as const satisfies Record<string, Limit>;

const mostCounted = 10_000;

export function createThrottle(clock: Clock) {
  /** When all of it would be there again; in the order of their last use. */
  const fullAt = new Map<string, number>();

  function read(key: string, { burst, everyMs }: Limit): { full: number; waitMs: number } {
    const now = clock.now();
    // A clock that is set back gives nothing more than a whole burst of waiting.
    const full = Math.min(Math.max(fullAt.get(key) ?? now, now), now + burst * everyMs);
    return { full, waitMs: full + everyMs - (now + burst * everyMs) };
  }

  function write(key: string, full: number): void {
    fullAt.delete(key);
    if (full <= clock.now()) return;
    fullAt.set(key, full);
    if (fullAt.size <= mostCounted) return;
    const [oldest = ''] = fullAt.keys();
    fullAt.delete(oldest);
  }

  return {
    /** Counts one attempt; the answer takes it back. @throws loginThrottled */
    take(user: string, address: string): () => void {
      const keys: [string, Limit][] = [
        [`pair ${address} ${user}`, limits.pair],
        [`user ${user}`, limits.user],
        [`address ${address}`, limits.address],
      ];
      const waitMs = Math.max(...keys.map(([key, limit]) => read(key, limit).waitMs));
      if (waitMs > 0) throw errors.loginThrottled({ retryAfterSeconds: Math.ceil(waitMs / 1000) });
      for (const [key, limit] of keys) write(key, read(key, limit).full + limit.everyMs);
      return () => {
        for (const [key, limit] of keys) write(key, read(key, limit).full - limit.everyMs);
      };
    },
    size: (): number => fullAt.size,
  };
}
