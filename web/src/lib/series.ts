/** A point as ECharts takes it; `null` leaves a gap instead of a line through nothing. */
export type Point = readonly [time: number, value: number | null];

/** What cannot be drawn becomes a gap: null, NaN and infinities. */
export const toGap = (value: number | null | undefined): number | null =>
  value === null || value === undefined || !Number.isFinite(value) ? null : value;

/** Points in order of time, unknown values as gaps. */
export function toPoints<T>(
  rows: readonly T[],
  time: (row: T) => number,
  value: (row: T) => number | null | undefined,
): Point[] {
  return rows
    .map((row) => [time(row), toGap(value(row))] as const)
    .sort((first, second) => first[0] - second[0]);
}

/** A line is worth its ink from two drawn points on. */
export const isDrawable = (points: readonly Point[]): boolean =>
  points.filter(([, value]) => value !== null).length > 1;

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Groups rows into one line per name, in order of first appearance. */
export function toLines<T>(
  rows: readonly T[],
  name: (row: T) => string,
  time: (row: T) => number,
  value: (row: T) => number | null | undefined,
): Line[] {
  const groups = Map.groupBy(rows, name);
  return [...groups].map(([key, group]) => ({ name: key, points: toPoints(group, time, value) }));
}

/** A statistic as a multiple of its threshold, so that columns of different scale share one axis. */
export const toThresholdRatio = (result: { value: number; threshold: number }): number | null =>
  result.threshold > 0 ? toGap(result.value / result.threshold) : null;

/** Mean of the last `size` known values at each point; a gap where none is known. */
export function toRollingMean(points: readonly Point[], size: number): Point[] {
  return points.map(([time], index) => {
    const known = points
      .slice(Math.max(0, index - size + 1), index + 1)
      .flatMap(([, value]) => (value === null ? [] : [value]));
    const sum = known.reduce((total, value) => total + value, 0);
    return [time, known.length === 0 ? null : sum / known.length] as const;
  });
}

/**
 * Breaks a line where nothing was measured for much longer than usual: a stroke across the hole would claim
 * values nobody saw.
 */
export function breakAtHoles(points: readonly Point[], factor = 8): Point[] {
  const steps = points.slice(1).map(([time], index) => time - (points[index]?.[0] ?? time));
  const usual = steps.toSorted((first, second) => first - second)[Math.floor(steps.length / 2)] ?? 0;
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    const isHole = before !== undefined && usual > 0 && point[0] - before[0] > usual * factor;
    return isHole ? [[before[0] + usual, null] as const, point] : [point];
  });
}

/** One point per time: the largest of those that share it. */
export function toPeaks(points: readonly Point[]): Point[] {
  const peaks = new Map<number, number | null>();
  for (const [time, value] of points) {
    const peak = peaks.get(time) ?? null;
    peaks.set(time, peak === null || (value !== null && value > peak) ? value : peak);
  }
  return [...peaks];
}
