import { type Point, toGap } from './series.ts';

/** The course of one metric of one run, as columns: a point is three numbers of the same index. */
export interface Curve {
  readonly runId: string;
  readonly key: string;
  /** Points of the whole history, drawn or not. */
  readonly total: number;
  readonly steps: readonly number[];
  readonly timestamps: readonly number[];
  readonly values: readonly (number | null)[];
}

export const curveAxes = ['step', 'time', 'relative'] as const;
export type CurveAxis = (typeof curveAxes)[number];

export const toCurveAxis = (text: string | undefined): CurveAxis =>
  curveAxes.find((axis) => axis === text) ?? 'step';

/** Weight of a smoothing as the address has it: 0 (none) up to 0.99. */
export function toWeight(text: string | undefined): number {
  const weight = Number(text ?? 0);
  return weight > 0 ? Math.min(weight, 0.99) : 0;
}

/**
 * Exponential moving average, corrected for its start: without that, the first values would be drawn towards zero.
 * A gap stays a gap and counts for nothing.
 */
export function toSmoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight === 0) return [...values];
  let sum = 0;
  let share = 1;
  return values.map((value) => {
    if (value === null) return null;
    sum = sum * weight + value * (1 - weight);
    share *= weight;
    return sum / (1 - share);
  });
}

/** What a curve looks like over an axis; time that passed is counted from its own first point. */
export function toCurvePoints(curve: Curve, axis: CurveAxis, weight = 0): Point[] {
  const positions = axis === 'step' ? curve.steps : curve.timestamps;
  const order = positions.map((_position, index) => index);
  order.sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0));
  const start = axis === 'relative' ? (positions[order[0] ?? 0] ?? 0) : 0;
  const values = toSmoothed(
    order.map((index) => toGap(curve.values[index])),
    weight,
  );
  return order.map((index, place) => [(positions[index] ?? 0) - start, values[place] ?? null] as const);
}

/** A logarithm knows nothing at or below zero. */
export const toPositive = (points: readonly Point[]): Point[] =>
  points.map(([position, value]) => [position, value !== null && value > 0 ? value : null] as const);
