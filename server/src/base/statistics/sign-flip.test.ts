import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from './random.ts';
import { signFlipInterval, signFlipPValue, signFlips } from './sign-flip.ts';

const differences = fc
  .array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 20 })
  .map((values) => Float64Array.from(values, (value) => value / 8));

test('enumeration equals trying every pattern', () => {
  fc.assert(
    fc.property(differences, (all) => {
      const values = all.subarray(0, 8);
      const flips = signFlips(values, createRandom(1), 1);
      expect(signFlipPValue(flips, 0)).toBeCloseTo(countPatterns(values), 12);
      expect(flips.subsetMeans).toHaveLength(2 ** values.length - 1);
    }),
  );
});

test('the interval leaves a centre out exactly when its p-value is at most alpha', () => {
  const alphas = fc.integer({ min: 1, max: 50 }).map((percent) => percent / 100);
  fc.assert(
    fc.property(
      differences,
      fc.integer({ min: -200, max: 200 }),
      alphas,
      fc.integer(),
      (values, center, alpha, seed) => {
        const flips = signFlips(values, createRandom(seed), 300);
        const { lower, upper } = signFlipInterval(flips, alpha);
        // A centre on the end of the interval is decided by rounding.
        fc.pre(Math.min(Math.abs(center - lower), Math.abs(center - upper)) > 1e-6);
        const isOutside = center < lower || center > upper;
        expect(signFlipPValue(flips, center) <= alpha).toBe(isOutside);
        expect(lower).toBeLessThanOrEqual(upper);
      },
    ),
  );
});

test('drawn patterns agree with all of them', () => {
  const random = createRandom(2);
  const values = new Float64Array(15).map(() => random.normal() + 0.45);
  const drawn = signFlipPValue(signFlips(values, random, 40_000), 0);
  expect(Math.abs(drawn - countPatterns(values))).toBeLessThan(0.005);
});

/** Share of the 2^n sign patterns whose |sum| reaches the observed one. */
function countPatterns(values: Float64Array): number {
  const observed = Math.abs(values.reduce((total, value) => total + value, 0));
  let extreme = 0;
  for (let mask = 0; mask < 2 ** values.length; mask += 1) {
    const flipped = values.reduce((total, value, index) => total + ((mask >> index) & 1 ? -value : value), 0);
    if (Math.abs(flipped) >= observed - 1e-9) extreme += 1;
  }
  return extreme / 2 ** values.length;
}
