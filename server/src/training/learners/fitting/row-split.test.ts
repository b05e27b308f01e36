import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LearnerInputError } from '../learner-input.ts';
import { buildTable } from './fitting-testing.ts';
import { listFolds, sliceRows, splitRows, takeRows } from './row-split.ts';

const times = (...values: number[]) => Float64Array.from(values);
const ascending = fc
  .array(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 200 })
  .map((list) => Float64Array.from(list).sort());

describe('splitRows', () => {
  test('by time holds out the newest rows', () => {
    const rows = splitRows(times(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), { split: 'time', holdout: 0.2, seed: 0 });
    expect([...rows.training]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...rows.holdout]).toEqual([8, 9]);
  });

  test('rows of one time stay together', () => {
    const rows = splitRows(times(1, 1, 2, 2, 3, 3, 3, 3), { split: 'time', holdout: 0.2, seed: 0 });
    expect([...rows.holdout]).toEqual([4, 5, 6, 7]);
  });

  test('a holdout of 0 learns from every row', () => {
    const rows = splitRows(times(1, 1), { split: 'time', holdout: 0, seed: 0 });
    expect([rows.training.length, rows.holdout.length]).toEqual([2, 0]);
  });

  test('at random the seed decides, and every row lands on one side', () => {
    const time = buildTable(100).time;
    const draw = (seed: number) => splitRows(time, { split: 'random', holdout: 0.25, seed });
    expect([...draw(1).holdout]).toEqual([...draw(1).holdout]);
    expect([...draw(1).holdout]).not.toEqual([...draw(2).holdout]);
    expect(draw(1).holdout).toHaveLength(25);
    expect([...draw(1).training, ...draw(1).holdout].sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
  });

  test('what leaves one side empty is refused with the numbers', () => {
    const split = () => splitRows(times(5, 5, 5), { split: 'time', holdout: 0.3, seed: 0 });
    expect(split).toThrow(LearnerInputError);
    expect(split).toThrow('Of 3 rows, 0 are left to learn from and 3 to judge by');
    expect(() => splitRows(times(5), { split: 'random', holdout: 0.5, seed: 0 })).toThrow(LearnerInputError);
    expect(() => splitRows(times(), { split: 'time', holdout: 0.5, seed: 0 })).toThrow(LearnerInputError);
  });

  test('no time is on both sides, whatever the times', () => {
    fc.assert(
      fc.property(ascending, fc.double({ min: 0.01, max: 0.9, noNaN: true }), (time, holdout) => {
        fc.pre(new Set(time).size > 1);
        try {
          const rows = splitRows(time, { split: 'time', holdout, seed: 0 });
          expect(time[rows.training.at(-1) ?? 0]).toBeLessThan(time[rows.holdout[0] ?? 0] ?? 0);
          expect(rows.training.length + rows.holdout.length).toBe(time.length);
        } catch (error) {
          expect(error).toBeInstanceOf(LearnerInputError);
        }
      }),
    );
  });
});

describe('listFolds', () => {
  test('windows expand, each judged on the next block', () => {
    expect(listFolds(buildTable(8).time, 3)).toEqual([
      { trainStart: 0, trainEnd: 2, end: 4 },
      { trainStart: 0, trainEnd: 4, end: 6 },
      { trainStart: 0, trainEnd: 6, end: 8 },
    ]);
  });

  test('too few times are refused with both counts', () => {
    expect(() => listFolds(times(1, 1, 1, 2), 3)).toThrow('4 rows of 2 times cannot be cut into 3');
  });

  test('every fold learns only from what came before', () => {
    fc.assert(
      fc.property(ascending, fc.integer({ min: 1, max: 6 }), (time, count) => {
        try {
          const folds = listFolds(time, count);
          expect(folds.at(-1)?.end).toBe(time.length);
          for (const { trainEnd } of folds) expect(time[trainEnd - 1] ?? 0).toBeLessThan(time[trainEnd] ?? 0);
        } catch (error) {
          expect(error).toBeInstanceOf(LearnerInputError);
        }
      }),
    );
  });
});

test('a slice is a view of the rows, a taking is a copy', () => {
  const table = buildTable(6);
  expect(sliceRows(table, 2, 5).target.buffer).toBe(table.target.buffer);
  expect(takeRows(table, Uint32Array.of(2, 3, 4))).toEqual(sliceRows(table, 2, 5));
});
