import type { Confirmation, LearnerName, Sweep, SweepDefinition, Trial } from '@tidemill/contract';
import type { Task } from '../../platform/tasks/rules.ts';
import type { Recipe } from '../learners/rules.ts';

/** A sweep's definition with nothing left open: defaults filled in, the training set pinned. */
export interface FullDefinition extends Omit<Required<SweepDefinition>, 'name' | 'register' | 'confirm'> {
  readonly name: string | null;
  readonly register: string | null;
  /** Sweeps from before there was one have none. */
  readonly confirm?: SweepDefinition['confirm'] | null;
}

export interface SweepRecord {
  /** Also the id of its task. */
  readonly id: string;
  readonly workspace: string;
  readonly experimentId: string;
  readonly runId: string;
  readonly definition: FullDefinition;
  readonly trainingDigest: string;
  /** That whose model the sweep's run holds. */
  readonly bestTrial: number | null;
  readonly modelVersion: string | null;
  readonly actor: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** A trial of a sweep over learners. */
export type LearnerTrial = Trial & {
  readonly learner: LearnerName;
  readonly parameters: Readonly<Record<string, number>>;
};

/** Which run holds the model that a sweep leaves, and why that one. */
export interface SweepModel {
  readonly trial: number;
  readonly runId: string;
  /** A sentence without its full stop. */
  readonly reason: string;
}

export type SweepEnd = 'succeeded' | 'failed' | 'cancelled';
export const runStatusOf = { succeeded: 'FINISHED', failed: 'FAILED', cancelled: 'KILLED' } as const;
export const taskKind = 'sweep';

/** The least error first; among equals the earlier trial. */
export const rankTrials = <T extends Trial>(trials: readonly T[]): T[] =>
  trials
    .filter(({ state, value }) => state === 'complete' && value !== null)
    .sort((a, b) => Number(a.value) - Number(b.value) || a.number - b.number);

export const chooseBest = <T extends Trial>(trials: readonly T[]): T | null => rankTrials(trials)[0] ?? null;

/** The best trial's parameters on all rows: what was held out to choose them is there to learn from at last. */
export function toRefitRecipe(
  sweep: SweepRecord,
  { learner, parameters }: LearnerTrial,
  runId = sweep.runId,
): Recipe {
  const { seed, features, target, timeColumn, trainingSet } = sweep.definition;
  return {
    ...{ version: 1, runId, createdAt: sweep.createdAt },
    ...{ learner, parameters: { ...parameters }, seed, features: [...features], target, timeColumn },
    trainingSet: { reference: trainingSet, digest: sweep.trainingDigest },
    ...{ split: 'time', holdout: 0 },
  };
}

export function toSweep(
  record: SweepRecord,
  trials: readonly Trial[],
  task: Task | null,
  confirmation: Confirmation | null,
): Sweep {
  const { id, definition, runId, modelVersion, createdAt } = record;
  return {
    ...{ id, kind: 'learners', runId, modelVersion, createdAt, trials: [...trials], front: [] },
    definition: { ...definition },
    state: task?.state ?? 'failed',
    best: chooseBest(trials),
    chosen: trials.find(({ number }) => number === confirmation?.chosen) ?? null,
    confirmation,
    error: task?.error ?? null,
    finishedAt: task?.finishedAt ?? null,
  };
}
