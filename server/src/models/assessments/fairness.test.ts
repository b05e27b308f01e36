import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from '../../base/statistics/random.ts';
import { drawMultinomial } from '../../base/statistics/variates.ts';
import { countsOf, type GroupCounts, judgeColumn } from './fairness.ts';

const judge = (groups: readonly GroupCounts[]) => judgeColumn('sex', groups, createRandom(1), 200);
const cell = fc.nat({ max: 50 });
const counts = fc
  .record({ tp: cell, fp: cell, fn: cell, tn: cell })
  .filter(({ tp, fp, fn, tn }) => tp + fp + fn + tn > 0);

test('counts come back from the figures of a slice', () => {
  fc.assert(
    fc.property(counts, ({ tp, fp, fn, tn }) => {
      const rows = tp + fp + fn + tn;
      const metrics = {
        accuracy: (tp + tn) / rows,
        prevalence: (tp + fn) / rows,
        recall: tp + fn === 0 ? null : tp / (tp + fn),
      };
      const slice = { column: 'sex', value: 'f', rows, weight: rows, metrics, intervals: {} };
      expect(countsOf(slice)).toEqual({ group: 'f', tp, fp, fn, tn });
      expect(countsOf({ ...slice, weight: rows * 2 })).toBeNull();
    }),
  );
});

test('gaps are 0 between equal groups, and their intervals hold them', () => {
  const groups = [
    { group: 'f', tp: 30, fp: 10, fn: 10, tn: 50 },
    { group: 'm', tp: 60, fp: 20, fn: 20, tn: 100 },
  ];
  const { gaps } = judge(groups);
  for (const [name, gap] of Object.entries(gaps))
    expect([name, gap.value]).toEqual([name, name.endsWith('ratio') ? 1 : 0]);
  const { low, high } = gaps.demographic_parity_difference;
  expect(low).toBeGreaterThanOrEqual(0);
  expect(high).toBeGreaterThan(low ?? 1);
  expect(high).toBeLessThan(0.2);
});

test('a group without a positive row has no true positive rate, and is small', () => {
  const { gaps, groups } = judge([
    { group: 'f', tp: 0, fp: 5, fn: 0, tn: 95 },
    { group: 'm', tp: 40, fp: 10, fn: 10, tn: 40 },
  ]);
  expect(groups.map(({ truePositiveRate, small }) => [truePositiveRate, small])).toEqual([
    [null, true],
    [0.8, false],
  ]);
  expect(gaps.equal_opportunity_difference).toEqual({ value: null, low: null, high: null });
  expect(gaps.demographic_parity_difference.value).toBeCloseTo(0.45, 12);
});

test('gaps are those of fairlearn 0.15 on the same rows', () => {
  const { gaps } = judge([
    { group: 'a', tp: 30, fp: 10, fn: 10, tn: 50 },
    { group: 'b', tp: 60, fp: 30, fn: 5, tn: 10 },
    { group: 'c', tp: 12, fp: 3, fn: 8, tn: 40 },
  ]);
  const expected = {
    demographic_parity_difference: 0.6190476190476191,
    demographic_parity_ratio: 0.2777777777777778,
    equal_opportunity_difference: 0.32307692307692315,
    equal_opportunity_ratio: 0.6499999999999999,
    equalized_odds_difference: 0.6802325581395349,
    equalized_odds_ratio: 0.09302325581395349,
  };
  for (const [name, value] of Object.entries(expected))
    expect(gaps[name as keyof typeof expected].value).toBeCloseTo(value, 12);
});

test('intervals hold the true gap in 95 of 100 samples, also where there is none', () => {
  const random = createRandom(7);
  const draw = (group: string, rate: number, rows = 400): GroupCounts => {
    const [tp = 0, fp = 0, fn = 0, tn = 0] = drawMultinomial(
      rows,
      Float64Array.of(rate * 0.6, rate * 0.4, (1 - rate) * 0.3, (1 - rate) * 0.7),
      random,
    );
    return { group, tp, fp, fn, tn };
  };
  for (const rates of [
    [0.4, 0.4, 0.4, 0.4],
    [0.3, 0.45],
    [0.3, 0.32, 0.36],
  ]) {
    const gap = Math.max(...rates) - Math.min(...rates);
    const held = Array.from({ length: 100 }, () => {
      const groups = rates.map((rate, i) => draw(`g${i}`, rate));
      const { value, low, high } = judgeColumn('c', groups, random, 200).gaps.demographic_parity_difference;
      expect((low ?? 1) <= (value ?? 0) && (value ?? 1) <= (high ?? 0)).toBe(true);
      return (low ?? 1) <= gap && gap <= (high ?? 0);
    });
    expect([rates, held.filter(Boolean).length >= 92]).toEqual([rates, true]);
  }
});
