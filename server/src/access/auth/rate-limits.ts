/** Requests per token: a bucket that holds `burst` of them and is filled by `perSecond`. Each server counts for itself. */
import type { RateLimit } from '@tidemill/contract';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';

interface Bucket {
  /** What was left at `at`; a bucket that is not there is full. */
  left: number;
  at: number;
}

const mostBuckets = 10_000;

/** Whole seconds until a request is due to a bucket that holds `left`, at least one. */
export const secondsUntilOne = (left: number, perSecond: number): number =>
  Math.max(1, Math.ceil((1 - left) / perSecond));

export function createRateLimits(clock: Clock) {
  /** In the order of their last use. */
  const buckets = new Map<string, Bucket>();

  /** Throws away what is longest unused: it is the fullest, or nearly. */
  function put(id: string, bucket: Bucket): void {
    buckets.delete(id);
    buckets.set(id, bucket);
    if (buckets.size <= mostBuckets) return;
    const [oldest = ''] = buckets.keys();
    buckets.delete(oldest);
  }

  return {
    /** Counts one request. A refused one costs nothing. @throws tokenRateExceeded */
    take(id: string, actor: string, { perSecond, burst }: RateLimit): void {
      const now = clock.now();
      const known = buckets.get(id) ?? { left: burst, at: now };
      // A clock that is set back takes nothing away.
      const passed = Math.max(0, now - known.at) / 1000;
      const left = Math.min(burst, known.left + passed * perSecond);
      put(id, { left: left < 1 ? left : left - 1, at: now });
      if (left < 1)
        throw errors.tokenRateExceeded({
          ...{ actor, perSecond, burst },
          retryAfterSeconds: secondsUntilOne(left, perSecond),
        });
    },
  };
}
