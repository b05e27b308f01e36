import type { Direction } from '../sampler.ts';
import type { Pruner, PruningRule, TrialReports } from './pruner.ts';

interface Growing extends TrialReports {
  readonly values: Map<number, number>;
  lastStep: number;
  stepBefore: number;
  best: number;
}

/** A pruner that remembers what open trials have reported and lets a rule decide. */
export function createReportingPruner(direction: Direction, rule: PruningRule): Pruner {
  const open = new Map<number, Growing>();
  const sign = direction === 'minimize' ? 1 : -1;
  let complete = 0;
  return {
    report({ number, step, value }) {
      const trial = open.get(number) ?? {
        number,
        values: new Map(),
        lastStep: -1,
        stepBefore: -1,
        best: Number.NaN,
      };
      open.set(number, trial);
      if (!trial.values.has(step)) add(trial, step, sign * value);
      return rule.judge(trial);
    },
    end(number, state) {
      const trial = open.get(number);
      open.delete(number);
      if (state !== 'complete') return;
      complete += 1;
      rule.count?.(complete);
      if (trial) rule.learn(trial);
    },
  };
}

function add(trial: Growing, step: number, value: number): void {
  trial.values.set(step, value);
  if (step > trial.lastStep) {
    trial.stepBefore = trial.lastStep;
    trial.lastStep = step;
  } else if (step > trial.stepBefore) trial.stepBefore = step;
  if (!(value >= trial.best)) trial.best = Number.isNaN(value) ? trial.best : value;
}
