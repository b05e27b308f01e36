import type { PredictionRecord } from '@tidemill/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ksStatistic, ksThreshold } from '../../base/statistics/ks.ts';
import { outOfRangeThreshold } from '../../base/statistics/out-of-range.ts';
import { createRandom } from '../../base/statistics/random.ts';
import {
  defaultRate,
  judgeDrift,
  judgeErrors,
  judgeRange,
  problemOf,
  type SortedColumn,
  timesToJudge,
  toCause,
  type Unit,
  unitsOfErrors,
  windowAt,
} from './rules.ts';
import { ksAgainstSorted } from './sorted-reference.ts';

const sample = (least: number) =>
  fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true, min: -5, max: 5 })), {
    minLength: least,
    maxLength: 40,
  });

const columnOf = (values: readonly number[]): SortedColumn => {
  const sorted = Float64Array.from(values).sort();
  return { sorted, minimum: sorted[0] ?? 0, maximum: sorted.at(-1) ?? 0, rows: sorted.length };
};

const unitsOf = (values: readonly number[]): Unit[] =>
  values.map((value, i) => ({ eventTime: 1000 - i, key: '["A"]', value }));

describe('ksAgainstSorted', () => {
  test('equals ksStatistic to the last bit, ties included', () => {
    fc.assert(
      fc.property(sample(1), sample(1), (reference, window) => {
        const [a, b] = [Float64Array.from(reference), Float64Array.from(window)];
        expect(ksAgainstSorted(a.slice().sort(), b.slice().sort())).toBe(ksStatistic(a, b));
      }),
    );
  });
});

describe('windows', () => {
  test('hold the newest units at or before their moment, or none when there are too few', () => {
    fc.assert(
      fc.property(
        sample(1),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 955, max: 1001 }),
        (values, size, at) => {
          const units = unitsOf(values);
          const window = windowAt(units, at, size);
          const known = units.filter((unit) => unit.eventTime <= at);
          expect(window).toEqual(known.length < size ? null : known.slice(0, size));
        },
      ),
    );
  });

  test('are judged once per event time, oldest first, and not all when too many have come', () => {
    const units = unitsOf(Array.from({ length: 100 }, (_, i) => i));
    expect(timesToJudge(units, 996, 22)).toEqual([997, 998, 999, 1000]);
    expect(timesToJudge(units, null, 22)).toHaveLength(16);
    expect(timesToJudge(units, null, 22).at(-1)).toBe(1000);
    expect(timesToJudge(units, null, 100_000)).toEqual([1000]);
    expect(timesToJudge(units, 1000, 22)).toEqual([]);
  });
});

describe('judgements', () => {
  const days = Array.from({ length: 1000 }, (_, i) => 40 + (i * 156.2) / 999);

  test('values beyond training are named with the largest and the rows', () => {
    const values = [201.3, 150, 198, 120, 197, 90, 196.2];
    const [above, below] = judgeRange('close', columnOf(days), unitsOf(values), 3);
    expect(above).toMatchObject({ statistic: 'above', value: 3, breached: true });
    expect(above?.text).toBe('close above every training value: 3 of 7 rows, largest 201.3 > 196.2');
    expect(above && toCause(above).rows).toEqual([
      { eventTime: 1000, key: '["A"]', value: 201.3 },
      { eventTime: 998, key: '["A"]', value: 198 },
      { eventTime: 996, key: '["A"]', value: 197 },
    ]);
    expect(below).toMatchObject({ statistic: 'below', value: 0, breached: false });
  });

  test('a shifted window is drift, a window of the reference is none', () => {
    const threshold = ksThreshold(1000, 22, defaultRate.drift);
    const shifted = judgeDrift('close', columnOf(days), unitsOf(days.slice(-22)), threshold);
    expect(shifted.breached).toBe(true);
    expect(shifted.text).toContain('median');
    const spread = days.filter((_, i) => i % 46 === 0);
    expect(judgeDrift('close', columnOf(days), unitsOf(spread), threshold).breached).toBe(false);
  });

  test('300 overlapping windows drawn from the reference, 20 times over: no alarm', () => {
    const column = columnOf(days);
    const drift = ksThreshold(1000, 22, defaultRate.drift);
    const range = outOfRangeThreshold(1000, 22, defaultRate['out-of-range'] / 2);
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = createRandom(seed);
      const drawn = unitsOf(Array.from({ length: 321 }, () => days[random.integer(1000)] ?? 0));
      for (let start = 0; start < 300; start += 1) {
        const window = drawn.slice(start, start + 22);
        expect(judgeDrift('close', column, window, drift).breached).toBe(false);
        expect(judgeRange('close', column, window, range).some((side) => side.breached)).toBe(false);
      }
    }
  });

  test('errors are held against what was expected', () => {
    const judged = judgeErrors(unitsOf([7, 8, 9]), 3, { mean: 2, rows: 120 });
    expect(judged).toMatchObject({ column: 'error', statistic: 'mae', value: 8, breached: true });
    expect(judged.evidence[0]?.value).toBe(9);
  });

  test("only the model's own answers have errors of its own", () => {
    const record = (changes: Partial<PredictionRecord>) =>
      ({
        eventTime: 1,
        key: 'k',
        source: 'model',
        model: 'm@1',
        prediction: 5,
        outcome: 3,
        ...changes,
      }) as PredictionRecord;
    const records = [
      record({}),
      record({ source: 'fallback' }),
      record({ model: 'm@2' }),
      record({ outcome: null }),
      record({ prediction: null }),
    ];
    expect(unitsOfErrors(records, 'm@1')).toEqual([{ eventTime: 1, key: 'k', value: 2 }]);
  });
});

test('a definition whose threshold could not be computed is refused with the reason', () => {
  expect(problemOf({ kind: 'error', window: 22 })).toBeNull();
  expect(problemOf({ kind: 'error', window: 10_000, falseAlarmRate: 1e-6 })).toContain('simulated values');
  expect(problemOf({ kind: 'error', columns: ['close'] })).toContain('no columns');
  expect(problemOf({ kind: 'drift', window: 100_000, falseAlarmRate: 1e-9 })).toBeNull();
});
