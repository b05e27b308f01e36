import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashUnit, pickIndex, toBounds } from './traffic-split.ts';

const dayMs = 86_400_000;
const weights = fc
  .array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 6 })
  .filter((parts) => parts.some((part) => part > 0))
  .map((parts) => parts.map((part) => part / parts.reduce((sum, other) => sum + other, 0)));

test('the same unit always meets the same variant', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer(), weights, (key, time, shares) => {
      const bounds = toBounds(shares);
      const index = pickIndex(bounds, key, time);
      expect(pickIndex(bounds, key, time)).toBe(index);
      expect(index).toBeLessThan(shares.length);
    }),
  );
});

test('a variant without weight answers nothing', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer(), weights, (key, time, shares) => {
      const padded = [0, ...shares];
      expect(pickIndex(toBounds(padded), key, time)).toBeGreaterThan(0);
    }),
  );
});

test('shares of traffic follow the weights, over entities and over days', () => {
  fc.assert(
    fc.property(weights, fc.boolean(), fc.string({ minLength: 1, maxLength: 8 }), (shares, byDay, name) => {
      const bounds = toBounds(shares);
      const counts = shares.map(() => 0);
      const n = 4000;
      for (let i = 0; i < n; i++) {
        const index = byDay ? pickIndex(bounds, name, i * dayMs) : pickIndex(bounds, `["${name}${i}"]`, 0);
        counts[index] = (counts[index] ?? 0) + 1;
      }
      // Five standard deviations of a binomial share: an even hash stays inside.
      shares.forEach((share, i) => {
        expect(Math.abs((counts[i] ?? 0) / n - share)).toBeLessThan(5 * Math.sqrt(0.25 / n));
      });
    }),
    { numRuns: 60 },
  );
});

test('a growing canary keeps its units', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer(),
      fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      (key, time, share) => {
        const isCanary = (weight: number) => pickIndex(toBounds([1 - weight, weight]), key, time) === 1;
        if (isCanary(share)) expect(isCanary(share * 2)).toBe(true);
      },
    ),
  );
});

test('the hash is part of the interface between restarts', () => {
  expect(hashUnit('["AAPL"]', Date.parse('2023-09-01T00:00:00Z'))).toMatchInlineSnapshot(
    `0.6648319403175265`,
  );
});
