import { describe, expect, it } from 'vitest';
import { type Curve, toCurvePoints, toPositive, toSmoothed, toWeight } from './curves.ts';

const curve: Curve = {
  runId: 'a',
  key: 'loss',
  total: 3,
  steps: [10, 0, 5],
  timestamps: [1000, 1500, 4000],
  values: [3, 1, 2],
};

describe('smoothing', () => {
  it('leaves a constant as it is, from its first point on', () =>
    expect(toSmoothed([4, 4, 4], 0.9)).toEqual([4, 4, 4].map((value) => expect.closeTo(value, 10))));

  it('weighs what was before against what is new', () => {
    // Corrected averages of 0, 1: (0.5 * 0 + 0.5 * 1 * 1) / (1 - 0.25).
    expect(toSmoothed([0, 1], 0.5)).toEqual([0, expect.closeTo(2 / 3, 10)]);
    expect(toSmoothed([0, 1], 0)).toEqual([0, 1]);
  });

  it('steps over gaps', () => expect(toSmoothed([2, null, 2], 0.5)).toEqual([2, null, 2]));

  it('reads its weight from an address that may say anything', () => {
    expect(['0.5', '7', '-1', 'x', undefined].map(toWeight)).toEqual([0.5, 0.99, 0, 0, 0]);
  });
});

describe('a curve', () => {
  it('is drawn in the order of its steps', () =>
    expect(toCurvePoints(curve, 'step')).toEqual([
      [0, 1],
      [5, 2],
      [10, 3],
    ]));

  it('is drawn over time, or time since it began', () => {
    expect(toCurvePoints(curve, 'time')[0]).toEqual([1000, 3]);
    expect(toCurvePoints(curve, 'relative').map(([position]) => position)).toEqual([0, 500, 3000]);
  });

  it('has gaps for what is no number, and on a logarithm for what is not above zero', () => {
    const odd = { ...curve, values: [Number.NaN, 0, 2] };
    const points = toCurvePoints(odd, 'step');
    expect(points.map(([, value]) => value)).toEqual([0, 2, null]);
    expect(toPositive(points).map(([, value]) => value)).toEqual([null, 2, null]);
  });

  it('may be empty', () =>
    expect(toCurvePoints({ ...curve, steps: [], timestamps: [], values: [] }, 'relative')).toEqual([]));
});
