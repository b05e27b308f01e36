import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../adapters/notify/notify.ts';
import { afterAttempt, defaultRetryPolicy, problemOf, type StoredDelivery } from './rules.ts';

const fresh: StoredDelivery = {
  ...{ id: 'd', webhook: 'w', eventId: 1, event: 'model_version.created', subject: 'model:m@1', message: {} },
  ...{
    state: 'pending',
    attempts: 0,
    status: null,
    error: null,
    nextTryAt: 0,
    createdAt: 0,
    finishedAt: null,
  },
};
const failed = (retryAfterMs: number | null): Attempt => ({
  ...{ isDelivered: false, status: 503, reason: 'it answers 503', isWorthRepeating: true },
  retryAfterMs,
});

describe('afterAttempt', () => {
  test('waits longer each time, as asked but never beyond the longest, and ends', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(10_000_000)), { minLength: 20, maxLength: 20 }), (asked) => {
        let [delivery, now, before] = [fresh, 1000, 0];
        for (const retryAfterMs of asked) {
          if (delivery.state !== 'pending') break;
          delivery = afterAttempt(delivery, failed(retryAfterMs), now, defaultRetryPolicy);
          if (delivery.nextTryAt === null) break;
          const delay = delivery.nextTryAt - now;
          expect(delay).toBeLessThanOrEqual(defaultRetryPolicy.longestDelayMs);
          const own = Math.min(5000 * 2 ** (delivery.attempts - 1), defaultRetryPolicy.longestDelayMs);
          expect(delay).toBeGreaterThanOrEqual(own);
          expect(own).toBeGreaterThanOrEqual(before);
          [now, before] = [delivery.nextTryAt, own];
        }
        expect(delivery).toMatchObject({ state: 'failed', attempts: defaultRetryPolicy.attempts });
        expect(delivery.finishedAt).toBe(now);
      }),
    );
  });

  test('a receiver has hours to come back', () => {
    let delivery = fresh;
    while (delivery.nextTryAt !== null)
      delivery = afterAttempt(delivery, failed(null), delivery.nextTryAt, defaultRetryPolicy);
    expect(delivery.finishedAt).toBeGreaterThan(2 * 3_600_000);
  });
});

test('a name is 1 to 63 letters, digits, dots, dashes and underscores, and neither begins nor ends oddly', () => {
  const good = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9._-]{0,70}$/)), (name) => {
      expect(problemOf({ name }) === null, name).toBe(good.test(name));
    }),
  );
});
