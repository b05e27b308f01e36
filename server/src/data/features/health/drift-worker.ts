/** Statistics of a feature's newest rows against earlier ones, in a worker thread. */
import { categoryDrift } from '../../../base/statistics/category-drift.ts';
import { ksStatistic, ksThreshold } from '../../../base/statistics/ks.ts';

export interface DriftInput {
  readonly reference: Float64Array;
  readonly window: Float64Array;
  readonly alpha: number;
}

/** What was found and the least that counts; JSON knows no infinity. */
export interface Drifted {
  readonly value: number;
  readonly threshold: number;
}

export const numbersDrift = ({ reference, window, alpha }: DriftInput): Drifted => ({
  value: ksStatistic(reference, window),
  threshold: Math.min(Number.MAX_SAFE_INTEGER, ksThreshold(reference.length, window.length, alpha)),
});

/** Of counts by category. */
export const countsDrift = ({ reference, window, alpha }: DriftInput): Drifted =>
  categoryDrift(reference, window, alpha);
