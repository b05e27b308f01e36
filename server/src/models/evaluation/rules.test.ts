import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../base/statistics/random.ts';
import { mean } from '../../base/statistics/summary.ts';
import { choosePoints, compare, countOfWindow, foldNeighbours, isUnseen, rankTimes } from './rules.ts';

const times = (...values: number[]) => Float64Array.from(values);

test('how many of the newest rows: those asked for, all from a beginning on, a fifth unless said', () => {
  expect(countOfWindow(10, {})).toBe(2);
  expect(countOfWindow(11, {})).toBe(3);
  expect(countOfWindow(10, { from: 3 })).toBe(10);
  expect(countOfWindow(10, { from: 3, last: 4 })).toBe(4);
  expect(countOfWindow(3, { last: 4 })).toBe(3);
  expect(countOfWindow(0, {})).toBe(0);
});

describe('isUnseen', () => {
  const list = times(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  test('a random split may have learned from any row', () => {
    expect(isUnseen(10, list, { split: 'random', holdout: 0.9 })).toBe(false);
    expect(isUnseen(10.5, list, { split: 'random', holdout: 0.9 })).toBe(true);
  });
  test('a split by time leaves its newest rows unseen', () => {
    expect(isUnseen(9, list, { split: 'time', holdout: 0.2 })).toBe(true);
    expect(isUnseen(8, list, { split: 'time', holdout: 0.2 })).toBe(false);
    expect(isUnseen(10, list, { split: 'time', holdout: 0 })).toBe(false);
  });
});

describe('compare', () => {
  const truth = new Float64Array(100);
  const random = createRandom(1);
  const noise = truth.map(() => random.normal());
  const ranks = rankTimes(truth.map((_, i) => i));

  test('a model that errs half as much is better, the other way round worse, and beside itself neither', () => {
    const half = noise.map((value) => value / 2);
    const better = compare({ truth, candidate: half, other: noise, ranks, seed: 1 });
    expect(better).toMatchObject({ verdict: 'candidate-better', pairs: 100 });
    expect(better.meanDifference).toBeLessThan(0);
    expect(better.interval[1]).toBeLessThan(0);
    const worse = compare({ truth, candidate: noise, other: half, ranks, seed: 1 });
    expect(worse.verdict).toBe('candidate-worse');
    expect(worse.meanDifference).toBeCloseTo(-better.meanDifference, 12);
    const same = compare({ truth, candidate: noise, other: noise, ranks, seed: 1 });
    expect(same).toMatchObject({ verdict: 'inconclusive', meanDifference: 0, interval: [0, 0], pValue: 1 });
  });

  test('rows of one time are one pair', () => {
    const together = compare({ truth, candidate: noise, other: truth, ranks: ranks.map(() => 0), seed: 1 });
    expect(together).toMatchObject({ pairs: 1, verdict: 'inconclusive' });
  });

  test('equal input and seed give an equal answer', () => {
    const run = () => compare({ truth, candidate: noise, other: noise.map(Math.sin), ranks, seed: 7 });
    expect(run()).toEqual(run());
  });
});

test('folding neighbours keeps the mean and the bound', () => {
  const values = Float64Array.from({ length: 12_000 }, (_, i) => Math.sin(i));
  const folded = foldNeighbours(values, 5000);
  expect(folded.length).toBeLessThanOrEqual(5000);
  expect(mean(folded)).toBeCloseTo(mean(values), 12);
  expect(foldNeighbours(values, 12_000)).toBe(values);
});

test('points of a series are bounded, ascending and end with the newest row', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), (rows) => {
      const points = choosePoints(rows);
      expect(points.length).toBeLessThanOrEqual(2000);
      expect(points.at(-1)).toBe(rows - 1);
      expect(points[0]).toBeGreaterThanOrEqual(0);
    }),
  );
  expect(choosePoints(3)).toEqual([0, 1, 2]);
});
