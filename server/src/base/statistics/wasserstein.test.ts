import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mean } from './summary.ts';
import { wassersteinDistance } from './wasserstein.ts';

const samples = fc
  .float64Array({ noNaN: true, min: -100, max: 100, minLength: 1, maxLength: 30 })
  .map((values) => values.sort());

test('equals scipy', () => {
  // scipy 1.17.1: scipy.stats.wasserstein_distance(a, b)
  const a = Float64Array.of(0.61, 1.45, -0.32, 2.1, 0.07, 1.88, -1.21, 0.94, 0.35, 1.02).sort();
  const b = Float64Array.of(1.31, 2.75, 0.42, 3.01, 1.66, 2.22, 0.15, 1.93, 2.48, 0.88, 3.37, 1.09).sort();
  expect(wassersteinDistance(a, b)).toBeCloseTo(1.0835, 13);
});

test('is a distance: symmetric, zero to itself, triangle inequality', () => {
  fc.assert(
    fc.property(samples, samples, samples, (a, b, c) => {
      expect(wassersteinDistance(a, b)).toBeCloseTo(wassersteinDistance(b, a), 9);
      expect(wassersteinDistance(a, a)).toBe(0);
      expect(wassersteinDistance(a, c)).toBeLessThanOrEqual(
        wassersteinDistance(a, b) + wassersteinDistance(b, c) + 1e-9,
      );
    }),
  );
});

test('is at least the gap of the means, and equal to the shift of a shifted sample', () => {
  fc.assert(
    fc.property(samples, samples, fc.double({ min: -10, max: 10, noNaN: true }), (a, b, shift) => {
      expect(wassersteinDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(mean(a) - mean(b)) - 1e-9);
      expect(
        wassersteinDistance(
          a,
          a.map((value) => value + shift),
        ),
      ).toBeCloseTo(Math.abs(shift), 9);
    }),
  );
});

test('does not change when every value is repeated', () => {
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const doubled = Float64Array.of(...a, ...a).sort();
      expect(wassersteinDistance(doubled, b)).toBeCloseTo(wassersteinDistance(a, b), 9);
    }),
  );
});

test('refuses samples that are unsorted, empty or not finite', () => {
  const one = Float64Array.of(1);
  expect(() => wassersteinDistance(Float64Array.of(1, 0), one)).toThrow(/sortedA\[1\] is below/);
  expect(() => wassersteinDistance(one, new Float64Array(0))).toThrow(/sortedB has 0 values/);
  expect(() => wassersteinDistance(one, Float64Array.of(Number.NaN))).toThrow(/sortedB\[0\]/);
});
