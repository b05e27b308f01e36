import { quantileOfSorted } from '../../../../base/statistics/summary.ts';
import type { Direction } from '../sampler.ts';
import type { PruningRule } from './pruner.ts';

export interface PercentileInput {
  readonly direction: Direction;
  /** In percent, 0 to 100: trials within the best so many may go on. */
  readonly percentile: number;
  /** Nothing is stopped until so many trials are complete. */
  readonly startupTrials?: number;
  /** Nor before this step. */
  readonly warmupSteps?: number;
  /** Trials are looked at once in so many steps, counted from the end of the warm-up. */
  readonly intervalSteps?: number;
}

/**
 * Stops a trial whose best value so far is worse than the percentile of what the complete trials had at this very step.
 * 50 is the median rule of Golovin et al. (2017), KDD. As Optuna 5.0's PercentilePruner.
 */
export function createPercentileRule({
  direction,
  percentile,
  startupTrials = 5,
  warmupSteps = 0,
  intervalSteps = 1,
}: PercentileInput): PruningRule {
  // Interpolated in the goal's own sense, so that a tie is a tie whichever way the goal points.
  const [sign, level] = direction === 'minimize' ? [1, percentile / 100] : [-1, (100 - percentile) / 100];
  /** By step, ascending, without NaN. */
  const known = new Map<number, Float64Array>();
  let complete = 0;
  const isDue = (step: number, before: number): boolean =>
    before < Math.floor((step - warmupSteps) / intervalSteps) * intervalSteps + warmupSteps;
  return {
    judge({ lastStep, stepBefore, best }) {
      if (complete === 0 || complete < startupTrials || lastStep < warmupSteps) return false;
      if (!isDue(lastStep, stepBefore)) return false;
      if (Number.isNaN(best)) return true;
      const values = known.get(lastStep);
      return values !== undefined && values.length > 0 && best > sign * quantileOfSorted(values, level);
    },
    learn({ values }) {
      for (const [step, value] of values)
        if (!Number.isNaN(value))
          known.set(step, withValue(known.get(step) ?? new Float64Array(), sign * value));
    },
    count(trials) {
      complete = trials;
    },
  };
}

function withValue(sorted: Float64Array, value: number): Float64Array {
  const longer = new Float64Array(sorted.length + 1);
  const place = sorted.findLastIndex((one) => one <= value) + 1;
  longer.set(sorted.subarray(0, place));
  longer[place] = value;
  longer.set(sorted.subarray(place), place + 1);
  return longer;
}
