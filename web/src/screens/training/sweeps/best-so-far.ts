import type { Point } from '../../../lib/series.ts';

/** The smallest value seen up to each trial, in order of trial; failed ones change nothing. */
export function toBestSoFar(trials: readonly { number: number; value: number | null }[]): Point[] {
  let best: number | null = null;
  return [...trials]
    .sort((first, second) => first.number - second.number)
    .map(({ number, value }) => {
      if (value !== null && (best === null || value < best)) best = value;
      return [number, best] as const;
    });
}
