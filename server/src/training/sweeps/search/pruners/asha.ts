import type { PruningRule } from './pruner.ts';

export interface AshaInput {
  /** Step of the first rung; by default a hundredth of the longest complete trial, at least 1. */
  readonly minimumResource?: number | null;
  /** At each rung the best of so many go on; the next rung is so many times as far. */
  readonly reductionFactor?: number;
  /** Rungs left out at the beginning. */
  readonly earlyStoppingRate?: number;
}

/**
 * Asynchronous successive halving: a trial that reaches a rung stops unless it is among the best 1 / factor of all that have
 * reached it so far. As Optuna 5.0's SuccessiveHalvingPruner: a trial that was stopped is not taken up again later.
 * Source: Li et al. (2020), MLSys 2.
 */
export function createAshaRule({
  minimumResource = null,
  reductionFactor = 4,
  earlyStoppingRate = 0,
}: AshaInput = {}): PruningRule {
  const rungs: number[][] = [];
  const reached = new Map<number, number>();
  let first = minimumResource;
  let longest = -1;

  /** Counts the value in; true when it is not good enough for the next rung. */
  function isBeaten(rung: number, value: number): boolean {
    rungs[rung] ??= [];
    const values = rungs[rung];
    const place = values.findLastIndex((one) => one <= value) + 1;
    values.splice(place, 0, value);
    const last = Math.max(Math.floor(values.length / reductionFactor) - 1, 0);
    return !(value <= (values[last] ?? Number.NaN));
  }

  return {
    judge({ number, lastStep, values }) {
      const value = values.get(lastStep) ?? Number.NaN;
      if (first === null && longest >= 0) first = Math.max(Math.floor(longest / 100), 1);
      if (first === null) return false;
      for (let rung = reached.get(number) ?? 0; ; rung += 1) {
        if (lastStep < first * reductionFactor ** (earlyStoppingRate + rung)) return false;
        if (Number.isNaN(value)) return true;
        reached.set(number, rung + 1);
        if (isBeaten(rung, value)) return true;
      }
    },
    learn({ number, lastStep }) {
      reached.delete(number);
      longest = Math.max(longest, lastStep);
    },
  };
}
