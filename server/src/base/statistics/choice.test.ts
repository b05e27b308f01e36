import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Direction, indexOfBest, meanStdScore, spreadOf, withinOneStandardError } from './choice.ts';

test('spread equals numpy and scipy', () => {
  // numpy 2.4.6: a.mean(), a.std(ddof=1); scipy 1.17.1: stats.sem(a)
  const { n, mean, std, standardError } = spreadOf(Float64Array.of(1, 2, 4, 8));
  expect([n, mean]).toEqual([4, 3.75]);
  expect(std).toBeCloseTo(3.095695936834452, 14);
  expect(standardError).toBeCloseTo(1.547847968417226, 14);
  expect(spreadOf(Float64Array.of(5))).toEqual({ n: 1, mean: 5, std: Number.NaN, standardError: Number.NaN });
  expect(() => spreadOf(new Float64Array(0))).toThrow(RangeError);
  expect(() => spreadOf(Float64Array.of(1, Number.NaN))).toThrow(RangeError);
});

test('unsteadiness is held against either direction', () => {
  const spread = { mean: 10, std: 2 };
  expect(meanStdScore(spread, { lambda: 1.5, direction: 'minimize' })).toBe(13);
  expect(meanStdScore(spread, { lambda: 1.5, direction: 'maximize' })).toBe(7);
});

test('the first of equal scores is the best, and none of none', () => {
  expect(indexOfBest([3, 1, 1, 2], 'minimize')).toBe(1);
  expect(indexOfBest([3, 1, 3, 2], 'maximize')).toBe(0);
  expect(indexOfBest([], 'minimize')).toBe(-1);
});

test('what lies within one standard error of the best is as good', () => {
  const spreads = [
    { mean: 1.2, standardError: 0.1 },
    { mean: 1, standardError: 0.25 },
    { mean: 1.25, standardError: 9 },
    { mean: 1.3, standardError: 0 },
  ];
  expect(withinOneStandardError(spreads, 'minimize')).toEqual({ threshold: 1.25, indices: [1, 0, 2] });
  expect(withinOneStandardError(spreads, 'maximize')).toEqual({ threshold: 1.3, indices: [3] });
  expect(withinOneStandardError([], 'minimize')).toEqual({ threshold: Number.NaN, indices: [] });
});

const spreads = fc.array(
  fc.record({
    mean: fc.integer({ min: -50, max: 50 }),
    standardError: fc.integer({ min: 0, max: 20 }),
  }),
  { minLength: 1, maxLength: 20 },
);
const other: Record<Direction, Direction> = { minimize: 'maximize', maximize: 'minimize' };

test('the best is always within, all within are no worse than the threshold, and directions mirror each other', () => {
  fc.assert(
    fc.property(spreads, fc.constantFrom('minimize' as const, 'maximize' as const), (list, direction) => {
      const { threshold, indices } = withinOneStandardError(list, direction);
      const means = list.map(({ mean }) => mean);
      expect(indices[0]).toBe(indexOfBest(means, direction));
      for (const [i, mean] of means.entries())
        expect(indices.includes(i)).toBe(direction === 'minimize' ? mean <= threshold : mean >= threshold);
      const mirrored = list.map(({ mean, standardError }) => ({ mean: -mean, standardError }));
      expect(withinOneStandardError(mirrored, other[direction]).indices).toEqual(indices);
    }),
  );
});
