import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differencesByDay, pairedTest, sequentialDecision } from './paired-test.ts';
import { createRandom } from './random.ts';

const normals = (count: number, seed: number, shift = 0) => {
  const random = createRandom(seed);
  return new Float64Array(count).map(() => random.normal() + shift);
};

describe('pairedTest', () => {
  test('equals scipy on ten pairs', () => {
    // scipy 1.17.1: scipy.stats.permutation_test((d,), numpy.mean, permutation_type='samples',
    // n_resamples=numpy.inf)
    const a = Float64Array.of(-0.4, 0.1, -0.7, -0.2, -0.9, 0.3, -0.5, -0.6, -0.1, -0.35);
    const result = pairedTest({ a, b: new Float64Array(10), alpha: 0.05, random: createRandom(1) });
    expect(result.pValue).toBe(0.025390625);
    expect(result.meanDifference).toBeCloseTo(-0.335, 14);
    expect(result).toMatchObject({ pairs: 10, isExact: true });
    expect(result.interval.upper).toBeLessThan(0);
  });

  test('swapping the series swaps the sign', () => {
    const series = fc.float64Array({ noNaN: true, min: -9, max: 9, minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(series, series, (a, b) => {
        const options = { alpha: 0.1, random: createRandom(1) };
        const forth = pairedTest({ a, b, ...options });
        const back = pairedTest({ a: b, b: a, ...options });
        expect(back.pValue).toBe(forth.pValue);
        expect(back.meanDifference).toBeCloseTo(-forth.meanDifference, 12);
        expect(back.interval.lower).toBeCloseTo(-forth.interval.upper, 9);
      }),
    );
  });

  test('Monte Carlo never claims less than 1 / (draws + 1)', () => {
    const a = normals(100, 2, -3);
    const result = pairedTest({
      a,
      b: new Float64Array(100),
      alpha: 0.05,
      random: createRandom(3),
      draws: 999,
    });
    expect(result.pValue).toBe(0.001);
    expect(result.isExact).toBe(false);
    expect(result.interval.lower).toBeLessThan(-3);
    expect(result.interval.upper).toBeGreaterThan(-3);
  });

  test('too few pairs exclude nothing; equal series have p = 1', () => {
    const one = Float64Array.of(5);
    const result = pairedTest({ a: one, b: Float64Array.of(1), alpha: 0.05, random: createRandom(1) });
    expect(result).toMatchObject({ pValue: 1, interval: { lower: -Infinity, upper: Infinity } });
    expect(pairedTest({ a: one, b: one, alpha: 0.05, random: createRandom(1) }).pValue).toBe(1);
  });

  test('names the index of bad input', () => {
    const options = { a: normals(3, 1), alpha: 0.05, random: createRandom(1) };
    expect(() => pairedTest({ ...options, b: normals(2, 1) })).toThrow(/a\[2\] has no partner in b/);
    expect(() => pairedTest({ ...options, b: Float64Array.of(1, Number.NaN, 1) })).toThrow(/b\[1\] is NaN/);
  });
});

test('differencesByDay averages within a day and sorts the days', () => {
  const a = Float64Array.of(3, 1, 5);
  const b = Float64Array.of(1, 1, 1);
  expect(differencesByDay({ a, b, days: ['2026-01-02', '2026-01-01', '2026-01-02'] })).toEqual({
    days: ['2026-01-01', '2026-01-02'],
    differences: Float64Array.of(0, 3),
  });
  expect(() => differencesByDay({ a, b, days: [] })).toThrow(/a\[0\] has no partner in days/);
});

describe('sequentialDecision', () => {
  const decide = (differences: Float64Array, margin = 0) =>
    sequentialDecision({ differences, minimumPairs: 8, alpha: 0.05, seed: 7, margin });

  test('says nothing before the first look', () => {
    expect(decide(normals(7, 1, -9))).toEqual({
      verdict: 'inconclusive',
      pairs: 0,
      meanDifference: null,
      interval: null,
      pValue: null,
      look: null,
      alphaSpent: 0,
    });
  });

  test('a candidate that errs less is better, one that errs more worse', () => {
    const better = decide(normals(8, 2, -4));
    expect(better).toMatchObject({ verdict: 'candidate-better', pairs: 8, look: 0, alphaSpent: 0.025 });
    expect(better.interval?.upper).toBeLessThan(0);
    expect(decide(normals(8, 2, 4)).verdict).toBe('candidate-worse');
  });

  test('keeps the answer between looks and halves the level at each', () => {
    const differences = normals(40, 5);
    const atSixteen = decide(differences.subarray(0, 16));
    expect(atSixteen).toMatchObject({ verdict: 'inconclusive', look: 1, pairs: 16 });
    expect(atSixteen.alphaSpent).toBeCloseTo(0.0375, 15);
    expect(decide(differences.subarray(0, 31))).toEqual(atSixteen);
    expect(decide(differences.subarray(0, 32))).toMatchObject({ look: 2, pairs: 32 });
  });

  test('the first decision stands', () => {
    const differences = Float64Array.of(...normals(8, 2, -4), ...normals(60, 3, 9));
    expect(decide(differences)).toEqual(decide(differences.subarray(0, 8)));
  });

  test('a margin asks for a difference larger than itself', () => {
    const differences = normals(64, 4, -1);
    expect(decide(differences).verdict).toBe('candidate-better');
    expect(decide(differences, 0.4).verdict).toBe('candidate-better');
    expect(decide(differences, 1).verdict).toBe('inconclusive');
    expect(() => decide(differences, -1)).toThrow(/margin is -1/);
  });
});
