import { expect, test } from 'vitest';
import { fewestPoints, thin } from './thin.ts';

const history = (values: readonly number[]) =>
  values.map((value, index) => ({ timestamp: 1000 + index, step: index, value }));
const wave = (count: number) => history(Array.from({ length: count }, (_, i) => Math.sin(i / 50)));

test('a short history stays as it is', () => {
  const points = wave(100);
  expect(thin(points, 100)).toBe(points);
  expect(thin([], 5)).toEqual([]);
});

test('keeps the ends, every peak and dip, the order, and the limit', () => {
  const points = wave(100_000).map((point) => {
    if (point.step === 12_345) return { ...point, value: 99 };
    return point.step === 77_777 ? { ...point, value: -99 } : point;
  });
  const kept = thin(points, 1000);
  expect(kept.length).toBeLessThanOrEqual(1000);
  expect(kept.length).toBeGreaterThan(900);
  expect(kept[0]).toBe(points[0]);
  expect(kept.at(-1)).toBe(points.at(-1));
  expect(kept.map(({ step }) => step)).toContain(12_345);
  expect(kept.map(({ step }) => step)).toContain(77_777);
  expect(kept.every((point, i) => i === 0 || point.step > (kept[i - 1]?.step ?? -1))).toBe(true);
});

test('one gap among many numbers is still there, and does not hide the extremes beside it', () => {
  const points = wave(10_000).map((point) =>
    point.step === 5_000 ? { ...point, value: Number.NaN } : { ...point, value: point.step },
  );
  const kept = thin(points, 200);
  expect(kept.length).toBeLessThanOrEqual(200);
  expect(kept.filter(({ value }) => Number.isNaN(value)).map(({ step }) => step)).toEqual([5_000]);
  expect(kept.map(({ step }) => step)).toContain(4_999);
});

test('infinities are gaps, not extremes', () => {
  const points = history([1, 5, Number.POSITIVE_INFINITY, 2, 0, 3, Number.NEGATIVE_INFINITY, 4]);
  const kept = thin(points, fewestPoints).map(({ value }) => value);
  expect(kept).toEqual([1, 5, Number.POSITIVE_INFINITY, 0, 4]);
});

test('what was thinned before keeps its extremes when it is thinned again', () => {
  const points = wave(50_000).map((point) => (point.step === 31_313 ? { ...point, value: 7 } : point));
  const parts = Array.from({ length: 10 }, (_, i) => thin(points.slice(i * 5000, (i + 1) * 5000), 300));
  expect(thin(parts.flat(), 100).map(({ value }) => value)).toContain(7);
});
