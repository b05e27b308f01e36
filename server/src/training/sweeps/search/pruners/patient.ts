import type { PruningRule, TrialReports } from './pruner.ts';

export interface PatientInput {
  /** Decides once patience is at an end; without it the end of patience is the end of the trial. */
  readonly wrapped?: PruningRule | null;
  /** Reports after the best one in which it need not be beaten. */
  readonly patience: number;
  /** What counts as beaten: better by more than this. */
  readonly minimumDelta?: number;
}

/** Gives trials time: they may be stopped only when the newest reports are no better than those before. As Optuna 5.0's PatientPruner. */
export function createPatientRule({ wrapped = null, patience, minimumDelta = 0 }: PatientInput): PruningRule {
  const isStuck = ({ values }: TrialReports): boolean => {
    if (values.size <= patience + 1) return false;
    const inOrder = [...values].sort(([a], [b]) => a - b).map(([, value]) => value);
    const newest = inOrder.length - patience - 1;
    return least(inOrder.slice(0, newest)) + minimumDelta < least(inOrder.slice(newest));
  };
  return {
    judge: (trial) => isStuck(trial) && (wrapped?.judge(trial) ?? true),
    learn: (trial) => wrapped?.learn(trial),
    count: (complete) => wrapped?.count?.(complete),
  };
}

/** NaN where there is nothing else: then nothing is less than it, nor more. */
function least(values: readonly number[]): number {
  const numbers = values.filter((value) => !Number.isNaN(value));
  return numbers.length > 0 ? Math.min(...numbers) : Number.NaN;
}
