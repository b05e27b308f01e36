import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chiSquareTail, chiSquareTest } from './chi-square.ts';

test.each([
  // scipy.stats.chi2.sf
  [3.841458820694124, 1, 0.04999999999999989],
  [23.209251158954356, 10, 0.01],
  [1e-3, 1, 0.9747728793699604],
  [100, 10, 5.4497019829205215e-17],
  [134.64161621578, 99, 0.010000000989563763],
  [5, 5, 0.41588018699550794],
])('the tail at %d with %d degrees of freedom', (x, k, p) => {
  expect(Math.abs(chiSquareTail(x, k) / p - 1)).toBeLessThan(1e-9);
});

test('two degrees of freedom are an exponential', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 500, noNaN: true }), (x) => {
      const exact = Math.exp(-x / 2);
      expect(Math.abs(chiSquareTail(x, 2) - exact)).toBeLessThanOrEqual(exact * 1e-10 + 1e-15);
    }),
  );
});

test('of two samples, as scipy tells it', () => {
  // scipy.stats.chi2_contingency([[10, 20, 30], [20, 20, 20]], correction=False)
  const { statistic, degreesOfFreedom, pValue } = chiSquareTest(
    Float64Array.of(10, 20, 30, 0),
    Float64Array.of(20, 20, 20, 0),
  );
  expect(statistic).toBeCloseTo(5.333333333333334, 12);
  expect(degreesOfFreedom).toBe(2);
  expect(pValue).toBeCloseTo(0.0694834512228015, 12);
});

test('nothing to compare is no difference; what cannot be is refused', () => {
  expect(chiSquareTest(Float64Array.of(5), Float64Array.of(7)).pValue).toBe(1);
  expect(chiSquareTest(Float64Array.of(0, 0), Float64Array.of(7, 1)).pValue).toBe(1);
  expect(() => chiSquareTest(Float64Array.of(-1), Float64Array.of(1))).toThrow(/a\[0\] is -1/);
  expect(() => chiSquareTail(-1, 2)).toThrow(RangeError);
  expect(() => chiSquareTail(1, 0)).toThrow(RangeError);
});
