import type { Sweep, SweepChanges } from '@tidemill/sdk';

/** A sweep as far as it is known, and where to go on. */
export interface KnownSweep {
  readonly sweep: Sweep;
  readonly cursor: string;
}

/** What is known with what changed. What is as it was stays the same object, so that nobody draws it again. */
export function addChanges(before: KnownSweep | undefined, changes: SweepChanges): KnownSweep {
  const { sweep, trials, isWhole, cursor } = changes;
  const known = isWhole || !before ? [] : before.sweep.trials;
  const isSame = before && JSON.stringify(before.sweep.definition) === JSON.stringify(sweep.definition);
  return {
    sweep: {
      ...sweep,
      definition: isSame ? before.sweep.definition : sweep.definition,
      trials: trials.length === 0 ? known : merge(known, trials),
    },
    cursor,
  };
}

function merge(known: Sweep['trials'], changed: Sweep['trials']): Sweep['trials'] {
  const byNumber = new Map(known.map((trial) => [trial.number, trial]));
  for (const trial of changed) byNumber.set(trial.number, trial);
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}
