import type { SweepGoal, TrialState } from '@tidemill/sdk';
import type { Point } from '../../../lib/series.ts';

interface Valued {
  readonly number: number;
  readonly value: number | null;
  readonly state?: TrialState;
}

/** The best value seen up to each trial, in order of trial; failed ones and those stopped on the way change nothing. */
export function toBestSoFar(
  trials: readonly Valued[],
  direction: SweepGoal['direction'] = 'minimize',
): Point[] {
  let best: number | null = null;
  return [...trials]
    .sort((first, second) => first.number - second.number)
    .map(({ number, value, state = 'complete' }) => {
      const isBetter =
        value !== null && (best === null || (direction === 'minimize' ? value < best : value > best));
      if (isBetter && state === 'complete') best = value;
      return [number, best] as const;
    });
}
