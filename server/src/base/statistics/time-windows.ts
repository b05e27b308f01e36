import { assertCount } from './assertions.ts';

/** One window: rows `trainStart` to `trainEnd` - 1 to learn from, `start` to `end` - 1 to judge by. */
export interface TimeWindow {
  readonly trainStart: number;
  readonly trainEnd: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts rows in order of time into `count` + 1 blocks of about as many rows; window k is judged on block k + 1. By
 * 'expanding' it learns from all blocks before, by 'rolling' from the one before. Rows of one time stay together.
 * @param times ascending; not checked.
 * @param options.horizon how far ahead targets look, in the unit of the times: only rows whose target is known when the
 * judging begins (time + horizon <= the first time judged) are learned from. 0 by default, and then all are.
 * @returns null when a window would have no rows on one of its sides.
 * @throws RangeError unless `count` is at least 1 and `horizon` at least 0.
 */
export function listTimeWindows(
  times: Float64Array,
  options: {
    readonly count: number;
    readonly kind: 'expanding' | 'rolling';
    readonly horizon?: number;
  },
): readonly TimeWindow[] | null {
  const { count, kind, horizon = 0 } = options;
  assertCount('count', count);
  if (!(horizon >= 0)) throw new RangeError(`horizon is ${horizon}; it must be at least 0`);
  const rows = times.length;
  const starts = Array.from({ length: count }, (_, k) =>
    startOfTime(times, Math.floor((rows * (k + 1)) / (count + 1))),
  );
  const windows = starts.map((start, k) => ({
    trainStart: kind === 'rolling' ? (starts[k - 1] ?? 0) : 0,
    trainEnd: horizon === 0 ? start : knownBefore(times, start, horizon),
    start,
    end: starts[k + 1] ?? rows,
  }));
  return windows.every(({ trainStart, trainEnd, start, end }) => trainEnd > trainStart && end > start)
    ? windows
    : null;
}

/** The first row that has the same time as `row`. */
export function startOfTime(times: Float64Array, row: number): number {
  let first = row;
  while (first > 0 && times[first - 1] === times[row]) first--;
  return first;
}

/** How many of the rows before `start` have a target that is known at its time. */
function knownBefore(times: Float64Array, start: number, horizon: number): number {
  const begin = times[start] ?? Number.NaN;
  let end = start;
  while (end > 0 && (times[end - 1] ?? 0) + horizon > begin) end--;
  return end;
}
