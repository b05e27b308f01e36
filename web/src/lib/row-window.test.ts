import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barHeight, barScale, lastTop, pagesOf, rowsAt, topAfterKey } from './row-window.ts';

const size = (count: number, view = 620) => ({ count, rowHeight: 31, view });

describe('a window over rows', () => {
  it('scrolls pixel by pixel while the rows fit a browser', () => {
    expect(barHeight(size(1000))).toBe(31_000);
    expect(barScale(size(1000))).toBe(1);
    expect(barScale(size(3))).toBe(1);
  });

  it('reaches every row, whatever their number, and draws no more than fit', () => {
    const counts = fc.integer({ min: 0, max: 2_000_000_000 });
    fc.assert(
      fc.property(counts, fc.double({ min: 0, max: 1, noNaN: true }), (count, share) => {
        const all = size(count);
        const range = Math.max(0, barHeight(all) - all.view);
        const [first, end] = rowsAt(Math.min(lastTop(all), range * share * barScale(all)), all);
        expect(end - first).toBeLessThanOrEqual(22);
        expect(end).toBeLessThanOrEqual(count);
        if (count > 0) expect(end).toBeGreaterThan(first);
        expect(barHeight(all)).toBeLessThanOrEqual(8_000_000);
      }),
    );
    const many = size(10_000_000);
    const bottom = (barHeight(many) - many.view) * barScale(many);
    expect(rowsAt(bottom, many)[1]).toBe(10_000_000);
  });

  it('moves by one row at an arrow, even among ten million', () => {
    const many = size(10_000_000);
    expect(topAfterKey('ArrowDown', 31 * 5_000_000, many)).toBe(31 * 5_000_001);
    expect(topAfterKey('ArrowUp', 0, many)).toBe(0);
    expect(rowsAt(topAfterKey('End', 0, many) ?? 0, many)[1]).toBe(10_000_000);
    expect(topAfterKey('Tab', 0, many)).toBeNull();
  });
});

it('knows the pages of rows', () => {
  expect(pagesOf(0, 0, 200)).toEqual([]);
  expect(pagesOf(0, 200, 200)).toEqual([0]);
  expect(pagesOf(199, 201, 200)).toEqual([0, 1]);
  expect(pagesOf(400, 1001, 200)).toEqual([2, 3, 4, 5]);
});
