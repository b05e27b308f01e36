import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backtestFolds, naiveScale, seasonalNaive } from './backtest-folds.ts';

describe('folds', () => {
  test('expanding, sliding, with a gap and overlapping', () => {
    expect(backtestFolds(10, { folds: 2, horizon: 3 })).toEqual([
      { trainStart: 0, trainEnd: 4, start: 4, end: 7 },
      { trainStart: 0, trainEnd: 7, start: 7, end: 10 },
    ]);
    expect(backtestFolds(10, { folds: 2, horizon: 2, step: 1, gap: 1, trainTimes: 4 })).toEqual([
      { trainStart: 2, trainEnd: 6, start: 7, end: 9 },
      { trainStart: 3, trainEnd: 7, start: 8, end: 10 },
    ]);
    expect(backtestFolds(5, { folds: 2, horizon: 2 })).toBeNull();
  });

  test('nothing is learned from at or after what is forecast, and the last fold ends with the last time', () => {
    const natural = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(
        fc.record({
          times: fc.integer({ min: 2, max: 200 }),
          folds: natural,
          horizon: natural,
          step: natural,
        }),
        fc.record({ gap: fc.nat(5), trainTimes: fc.option(natural, { nil: undefined }) }),
        ({ times, ...plan }, rest) => {
          const folds = backtestFolds(times, { ...plan, ...rest });
          if (!folds) return;
          expect(folds).toHaveLength(plan.folds);
          expect(folds.at(-1)?.end).toBe(times);
          for (const fold of folds) {
            expect(fold.trainEnd + rest.gap).toBe(fold.start);
            expect(fold.trainStart).toBeGreaterThanOrEqual(0);
            expect(fold.trainEnd).toBeGreaterThan(fold.trainStart);
            expect(fold.end - fold.start).toBe(plan.horizon);
          }
        },
      ),
    );
  });
});

describe('the naive rules', () => {
  test('the last value, and the last season over and over', () => {
    const series = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const from = { origin: 6, start: 6, count: 5 };
    expect([...seasonalNaive(series, { ...from, season: 1 })]).toEqual([6, 6, 6, 6, 6]);
    expect([...seasonalNaive(series, { ...from, season: 3 })]).toEqual([4, 5, 6, 4, 5]);
    expect([...seasonalNaive(series, { ...from, start: 7, count: 2, season: 3 })]).toEqual([5, 6]);
  });

  test('no value at or after the origin has a part in them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 4, maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(),
        (values, season, at) => {
          const origin = season + (at % (values.length - season));
          const rule = { origin, start: origin, count: values.length - origin, season };
          const poisoned = Float64Array.from(values, (value, i) => (i < origin ? value : 1e300));
          expect(seasonalNaive(poisoned, rule)).toEqual(seasonalNaive(Float64Array.from(values), rule));
        },
      ),
    );
  });

  test('the scale is the mean step of a season', () => {
    expect(naiveScale(Float64Array.of(1, 3, 2, 6), 1)).toBeCloseTo(7 / 3);
    expect(naiveScale(Float64Array.of(1, 3, 2, 6), 2)).toBe(2);
    expect(naiveScale(Float64Array.of(4, 4, 4), 1)).toBeNaN();
    expect(naiveScale(Float64Array.of(4), 1)).toBeNaN();
  });
});
