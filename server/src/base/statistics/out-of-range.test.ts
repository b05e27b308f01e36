import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countOutOfRange, outOfRangeProbability, outOfRangeThreshold, valueRange } from './out-of-range.ts';
import { createRandom } from './random.ts';

const sizes = fc.integer({ min: 1, max: 300 });

test('counts values strictly outside', () => {
  const range = valueRange(Float64Array.of(3, -1, 2));
  expect(range).toEqual({ minimum: -1, maximum: 3 });
  expect(countOutOfRange(range, Float64Array.of(3, 3.5, 9, -1, -2, 0))).toEqual({ above: 2, below: 1 });
  expect(countOutOfRange(range, new Float64Array(0))).toEqual({ above: 0, below: 0 });
  expect(() => countOutOfRange(range, Float64Array.of(Infinity))).toThrow(/window\[0\]/);
});

// Python 3: Fraction(math.comb(w, c), math.comb(n + w, c)); scipy 1.17.1's nhypergeom(n + w, w, 1).sf(c - 1)
// agrees to seven digits, its own precision
test.each([
  [10, 5, 1, 0.3333333333333333],
  [10, 5, 3, 0.02197802197802198],
  [1000, 100, 2, 0.00818926296633303],
  [1000, 100, 4, 6.462992609249086e-5],
  [50, 200, 20, 0.009421357229492989],
])('probability for n = %d, w = %d, count %d is exact', (n, w, count, expected) => {
  expect(outOfRangeProbability(n, w, count) / expected).toBeCloseTo(1, 12);
});

test('the threshold is the smallest count that is rare enough', () => {
  fc.assert(
    fc.property(sizes, sizes, fc.double({ min: 1e-9, max: 0.9, noNaN: true }), (n, w, alpha) => {
      const threshold = outOfRangeThreshold(n, w, alpha);
      expect(outOfRangeProbability(n, w, threshold)).toBeLessThanOrEqual(alpha);
      expect(outOfRangeProbability(n, w, threshold - 1)).toBeGreaterThan(alpha);
      expect(outOfRangeThreshold(n, w, alpha / 2)).toBeGreaterThanOrEqual(threshold);
      expect(outOfRangeThreshold(n, w + 1, alpha)).toBeGreaterThanOrEqual(threshold);
    }),
  );
});

test('a window too small for alpha has a threshold out of reach', () => {
  expect(outOfRangeThreshold(5, 2, 1e-6)).toBe(3);
  expect(outOfRangeProbability(5, 2, 3)).toBe(0);
});

test('false alarms of seeded windows match the probability', () => {
  const random = createRandom(12);
  let alarms = 0;
  for (let trial = 0; trial < 4000; trial += 1) {
    const [reference, window] = [new Float64Array(30), new Float64Array(20)].map((x) =>
      x.map(() => random.normal()),
    );
    if (reference && window && countOutOfRange(valueRange(reference), window).above >= 3) alarms += 1;
  }
  expect(Math.abs(alarms / 4000 - outOfRangeProbability(30, 20, 3))).toBeLessThan(0.012);
});

test('sizes that are no counts are refused', () => {
  expect(() => outOfRangeProbability(0, 5, 1)).toThrow(/nReference is 0/);
  expect(() => outOfRangeProbability(5, 5, -1)).toThrow(/count is -1/);
  expect(() => outOfRangeThreshold(5, 5, 1)).toThrow(/alpha is 1/);
});
