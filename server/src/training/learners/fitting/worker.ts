/** What runs in worker threads: only errors of the catalogue keep their class on the way back. */
import { errors } from '../../../base/errors.ts';
import { LearnerInputError } from '../learner-input.ts';
import type { Recipe, TrainedModel, TrainingTable } from '../rules.ts';
import { type ForwardRequest, trainModel, validateForward } from './train-model.ts';

export interface FitReport {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface TrainInput {
  readonly table: TrainingTable;
  readonly recipe: Recipe;
}

export interface ValidateInput {
  readonly table: TrainingTable;
  readonly request: ForwardRequest;
  /** What messages call the table. */
  readonly reference: string;
}

export function train({ table, recipe }: TrainInput, report: (progress: FitReport) => void): TrainedModel {
  return named(recipe.trainingSet.reference, () =>
    trainModel(table, recipe, (fraction, metrics) => report({ fraction, metrics: { ...metrics } })),
  );
}

export function validate({ table, request, reference }: ValidateInput): readonly number[] {
  return named(reference, () => validateForward(table, request));
}

export function named<T>(reference: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LearnerInputError)) throw error;
    throw errors.trainingRefused({ reference, reason: error.message }, error);
  }
}
