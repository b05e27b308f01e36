import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareOf, timeOf } from './deadline.ts';

test('the smaller of both times counts', () => {
  expect(timeOf(1000, undefined)).toBe(1000);
  expect(timeOf(1000, { timeoutMs: 30 })).toBe(30);
  expect(timeOf(1000, { timeoutMs: 5000 })).toBe(1000);
});

test('whatever models come after, all of them and the last word fit into the time', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 600_000, noNaN: true }),
      fc.integer({ min: 0, max: 7 }),
      fc.boolean(),
      (total, models, hasLastWord) => {
        let left = total;
        for (let after = models; after >= 0; after--) {
          const share = shareOf(left, after, hasLastWord);
          expect(share).toBeGreaterThan(0);
          expect(share).toBeLessThanOrEqual(left);
          left -= share;
          if (after > 0) expect(share).toBeGreaterThan(left);
        }
        if (hasLastWord) expect(left).toBeGreaterThan(0);
      },
    ),
  );
});
