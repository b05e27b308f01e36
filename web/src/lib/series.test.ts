import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  breakAtHoles,
  isDrawable,
  type Point,
  toGap,
  toLines,
  toPeaks,
  toPoints,
  toRollingMean,
  toThresholdRatio,
} from './series.ts';

describe('gaps', () => {
  it('takes what cannot be drawn for a gap', () =>
    expect([1.5, 0, null, undefined, Number.NaN, Number.POSITIVE_INFINITY].map(toGap)).toEqual([
      1.5,
      0,
      null,
      null,
      null,
      null,
    ]));

  it('orders points by time and keeps gaps in place', () => {
    const rows = [
      { at: 3, value: 30 },
      { at: 1, value: Number.NaN },
      { at: 2, value: null },
    ];
    const points = toPoints(
      rows,
      (row) => row.at,
      (row) => row.value,
    );
    expect(points).toEqual([
      [1, null],
      [2, null],
      [3, 30],
    ]);
    expect(isDrawable(points)).toBe(false);
  });

  it('breaks a line at a hole, not at a weekend', () => {
    const points: Point[] = [1, 2, 3, 6, 7, 40, 41].map((time) => [time, time]);
    expect(breakAtHoles(points)).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [6, 6],
      [7, 7],
      [8, null],
      [40, 40],
      [41, 41],
    ]);
  });

  it('never loses or moves a point when it breaks a line', () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 10_000 })), (times) => {
        const points: Point[] = times.sort((first, second) => first - second).map((time) => [time, 1]);
        const broken = breakAtHoles(points);
        expect(broken.filter(([, value]) => value !== null)).toEqual(points);
        expect(broken.map(([time]) => time)).toEqual(
          broken.map(([time]) => time).toSorted((first, second) => first - second),
        );
      }),
    ));
});

it('groups rows into lines in order of first appearance', () => {
  const rows = [
    { name: 'b', at: 2, value: 1 },
    { name: 'a', at: 1, value: 2 },
    { name: 'b', at: 1, value: 3 },
  ];
  const lines = toLines(
    rows,
    (row) => row.name,
    (row) => row.at,
    (row) => row.value,
  );
  expect(lines.map((line) => line.name)).toEqual(['b', 'a']);
  expect(lines[0]?.points).toEqual([
    [1, 3],
    [2, 1],
  ]);
});

it('keeps the largest of points that share a time', () =>
  expect(
    toPeaks([
      [1, 2],
      [1, 5],
      [2, null],
      [2, 1],
      [3, null],
    ]),
  ).toEqual([
    [1, 5],
    [2, 1],
    [3, null],
  ]));

it('means over what is known, and is a gap where nothing is', () =>
  expect(
    toRollingMean(
      [
        [1, null],
        [2, 4],
        [3, null],
        [4, 2],
        [5, 6],
      ],
      3,
    ),
  ).toEqual([
    [1, null],
    [2, 4],
    [3, 4],
    [4, 3],
    [5, 4],
  ]));

it('has no ratio without a threshold', () => {
  expect(toThresholdRatio({ value: 3, threshold: 2 })).toBe(1.5);
  expect(toThresholdRatio({ value: 3, threshold: 0 })).toBeNull();
});
