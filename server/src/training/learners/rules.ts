import { LearnerName } from '@tidemill/contract';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { errors } from '../../base/errors.ts';
import type { FeatureMatrix } from './learner.ts';

/**
 * All that is needed to make a model again: with the rows of its training set it gives the same folder, byte for
 * byte. The folder's own marks (run, time, uuid) come from here too, never from the clock.
 */
export const Recipe = Type.Object({
  version: Type.Literal(1),
  runId: Type.String(),
  /** Epoch milliseconds; becomes the model's time of creation. */
  createdAt: Type.Integer(),
  learner: LearnerName,
  /** Every parameter of the learner, defaults included, so that a later default changes nothing. */
  parameters: Type.Record(Type.String(), Type.Number()),
  seed: Type.Integer(),
  features: Type.Array(Type.String(), { minItems: 1 }),
  target: Type.String(),
  timeColumn: Type.String(),
  trainingSet: Type.Object({ reference: Type.String(), digest: Type.String() }),
  /** Which rows are held out: the newest, or drawn by the seed. */
  split: Type.Union([Type.Literal('time'), Type.Literal('random')]),
  /** Share held out and not learned from; 0 = the model saw all rows. */
  holdout: Type.Number({ minimum: 0, maximum: 0.9 }),
});
export type Recipe = Static<typeof Recipe>;

/** @throws recipeInvalid naming the first field that is wrong. */
export function parseRecipe(value: unknown, where: string): Recipe {
  if (Value.Check(Recipe, value)) return value;
  const problem = Value.Errors(Recipe, value)[0];
  throw errors.recipeInvalid({
    where,
    reason: problem ? `${problem.instancePath || 'it'} ${problem.message}` : 'it has the wrong shape',
  });
}

/** The rows to learn from, oldest first; rows of one time in the order of the dataset. Shared with worker threads. */
export interface TrainingTable {
  readonly features: FeatureMatrix;
  readonly target: Float64Array;
  /** Orders the rows; its unit is the column's own (microseconds for dates and timestamps). */
  readonly time: Float64Array;
}

/** What to read from a training set. */
export interface TrainingColumns {
  /** What messages call it: `prices@3`. */
  readonly reference: string;
  readonly features: readonly string[];
  readonly target: string;
  readonly timeColumn: string;
}

export interface TrainedModel {
  /** The model folder: path to bytes. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** mae, rmse and r2 on the rows held out; empty when there are none. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What the learner says of the fit. */
  readonly summary: Readonly<Record<string, number>>;
  readonly trainingRows: number;
  readonly holdoutRows: number;
}

export type FoldMetric = 'mae' | 'rmse';

/** Learn from the rows before `trainEnd`, judge on those from there to `end`. */
export interface Fold {
  readonly trainStart: number;
  readonly trainEnd: number;
  readonly end: number;
}

/** One point of a search. */
export interface TrialDraw {
  readonly learner: LearnerName;
  readonly parameters: Readonly<Record<string, number>>;
}
