import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listTimeWindows, startOfTime } from './time-windows.ts';

const days = Float64Array.from({ length: 8 }, (_, day) => day);

test('expanding windows learn from all before, rolling ones from the block before', () => {
  expect(listTimeWindows(days, { count: 3, kind: 'expanding' })).toEqual([
    { trainStart: 0, trainEnd: 2, start: 2, end: 4 },
    { trainStart: 0, trainEnd: 4, start: 4, end: 6 },
    { trainStart: 0, trainEnd: 6, start: 6, end: 8 },
  ]);
  expect(listTimeWindows(days, { count: 3, kind: 'rolling' })).toEqual([
    { trainStart: 0, trainEnd: 2, start: 2, end: 4 },
    { trainStart: 2, trainEnd: 4, start: 4, end: 6 },
    { trainStart: 4, trainEnd: 6, start: 6, end: 8 },
  ]);
});

test('a horizon leaves out rows whose target lies in what is judged', () => {
  expect(listTimeWindows(days, { count: 1, kind: 'expanding', horizon: 2 })).toEqual([
    { trainStart: 0, trainEnd: 3, start: 4, end: 8 },
  ]);
  expect(listTimeWindows(days, { count: 1, kind: 'expanding', horizon: 1 })?.[0]?.trainEnd).toBe(4);
  expect(listTimeWindows(days, { count: 3, kind: 'rolling', horizon: 3 })).toBeNull();
});

test('too few times are no windows, and options are checked', () => {
  expect(listTimeWindows(Float64Array.of(1, 1, 1, 2), { count: 2, kind: 'rolling' })).toBeNull();
  expect(listTimeWindows(new Float64Array(0), { count: 1, kind: 'expanding' })).toBeNull();
  expect(() => listTimeWindows(days, { count: 0, kind: 'rolling' })).toThrow(RangeError);
  expect(() => listTimeWindows(days, { count: 1, kind: 'rolling', horizon: -1 })).toThrow(RangeError);
  expect(() => listTimeWindows(days, { count: 1, kind: 'rolling', horizon: Number.NaN })).toThrow(RangeError);
});

test('judged rows follow each other to the end, no time is cut, and nothing is learned from what is judged', () => {
  const times = fc
    .array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 60 })
    .map((list) => Float64Array.from(list.toSorted((a, b) => a - b)));
  const kind = fc.constantFrom('expanding' as const, 'rolling' as const);
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 6 }), kind, fc.nat(5), (rows, count, which, horizon) => {
      const windows = listTimeWindows(rows, { count, kind: which, horizon });
      if (!windows) return;
      expect(windows).toHaveLength(count);
      expect(windows.at(-1)?.end).toBe(rows.length);
      for (const [k, { trainStart, trainEnd, start, end }] of windows.entries()) {
        expect(trainStart).toBeLessThan(trainEnd);
        expect(trainEnd).toBeLessThanOrEqual(start);
        expect(end).toBe(windows[k + 1]?.start ?? rows.length);
        for (const edge of [trainStart, start]) expect(startOfTime(rows, edge)).toBe(edge);
        expect(Number(rows[trainEnd - 1]) + horizon).toBeLessThanOrEqual(Number(rows[start]));
        if (trainEnd < start) expect(Number(rows[trainEnd]) + horizon).toBeGreaterThan(Number(rows[start]));
      }
    }),
  );
});
