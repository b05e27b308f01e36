import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom, shuffle } from './random.ts';
import { maximum, mean, median, minimum, quantiles, sum, variance } from './summary.ts';

const SAMPLE = Float64Array.of(0.61, 1.45, -0.32, 2.1, 0.07, 1.88, -1.21, 0.94, 0.35, 1.02);
const samples = fc.float64Array({ noNaN: true, min: -1e6, max: 1e6, minLength: 1, maxLength: 50 });

test('moments equal numpy', () => {
  // numpy 2.4.6: a.mean(), a.var(), a.var(ddof=1), numpy.median(a)
  expect(mean(SAMPLE)).toBeCloseTo(0.689, 14);
  expect(variance(SAMPLE)).toBeCloseTo(0.928969, 14);
  expect(variance(SAMPLE, { ddof: 1 })).toBeCloseTo(1.0321877777777777, 14);
  expect(median(SAMPLE)).toBeCloseTo(0.775, 14);
  expect([minimum(SAMPLE), maximum(SAMPLE)]).toEqual([-1.21, 2.1]);
});

test('quantiles equal numpy', () => {
  // numpy 2.4.6: numpy.quantile(a, [0, .1, .25, .5, .77, .9, 1])
  const expected = [-1.21, -0.409, 0.14, 0.775, 1.4199, 1.902, 2.1];
  const actual = quantiles(SAMPLE, [0, 0.1, 0.25, 0.5, 0.77, 0.9, 1]);
  for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 14);
});

test('the sum keeps what a plain one loses', () => {
  expect(sum(Float64Array.of(1, 1e100, 1, -1e100))).toBe(2);
  expect(variance(Float64Array.of(1e9 + 1, 1e9 + 2, 1e9 + 3), { ddof: 1 })).toBe(1);
});

test('quantiles stay in range, rise with the level and ignore the order', () => {
  const levels = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(samples, levels, fc.integer(), (values, unsorted, seed) => {
      const sorted = unsorted.toSorted((a, b) => a - b);
      const actual = quantiles(values, sorted);
      expect(actual).toEqual(actual.slice().sort());
      expect(actual.every((value) => value >= minimum(values) && value <= maximum(values))).toBe(true);
      expect(quantiles(shuffle(values, createRandom(seed)), sorted)).toEqual(actual);
    }),
  );
});

test('bad input is a RangeError', () => {
  expect(() => mean(new Float64Array(0))).toThrow(RangeError);
  expect(() => median(Float64Array.of(1, Number.NaN))).toThrow(/values\[1\]/);
  expect(() => variance(Float64Array.of(1), { ddof: 1 })).toThrow(/at least 2/);
  expect(() => quantiles(SAMPLE, [1.1])).toThrow(/probability is 1.1/);
});
