/** Counts of values by upper bound, in plain arrays: to observe costs tens of nanoseconds and makes nothing. */

/** Milliseconds; as seconds they are the bounds that dashboards know. */
export const latencyBounds: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
];

export interface Histogram {
  readonly bounds: readonly number[];
  /** Per bound, not summed up; the last is beyond them all. */
  readonly counts: Float64Array;
  sum: number;
}

export const createHistogram = (bounds: readonly number[]): Histogram => ({
  bounds,
  counts: new Float64Array(bounds.length + 1),
  sum: 0,
});

export function observe(histogram: Histogram, value: number): void {
  const { bounds, counts } = histogram;
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (bounds[middle] as number)) high = middle;
    else low = middle + 1;
  }
  (counts[low] as number)++;
  histogram.sum += value;
}

export const countOf = ({ counts }: Histogram): number => counts.reduce((sum, count) => sum + count, 0);
