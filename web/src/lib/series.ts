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

/** The lines that come closest to their limit, the loudest first: a chart of all columns says nothing. */
export function loudest(lines: readonly Line[], count: number): Line[] {
  const peak = (line: Line) => Math.max(...line.points.slice(-20).map(([, value]) => value ?? 0));
  return [...lines].sort((first, second) => peak(second) - peak(first)).slice(0, count);
}
