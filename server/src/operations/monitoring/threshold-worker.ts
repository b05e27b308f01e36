/** What a threshold costs is computed here, in a worker thread: up to seconds for large windows. */
import { ksThreshold } from '../../base/statistics/ks.ts';
import { nullThreshold } from '../../base/statistics/null-threshold.ts';
import { createRandom } from '../../base/statistics/random.ts';
import { sum } from '../../base/statistics/summary.ts';

export interface KsInput {
  readonly reference: number;
  readonly window: number;
  readonly alpha: number;
}

export const driftThreshold = ({ reference, window, alpha }: KsInput): number =>
  ksThreshold(reference, window, alpha);

export interface ErrorInput {
  /** Absolute errors in order of time. */
  readonly errors: Float64Array;
  readonly window: number;
  readonly alpha: number;
  readonly draws: number;
}

/** Errors of neighbouring days are alike (a wild week is wild throughout), so they are drawn in runs. */
export function errorThreshold({ errors, window, alpha, draws }: ErrorInput): number {
  const blockLength = Math.max(1, Math.min(Math.round(Math.cbrt(errors.length)), Math.floor(window / 2)));
  return nullThreshold({
    reference: errors,
    windowSize: window,
    statistic: (values) => sum(values) / values.length,
    alpha,
    draws,
    random: createRandom(1),
    blockLength,
  });
}
