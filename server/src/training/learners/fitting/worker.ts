/** What runs in worker threads. Errors lose their class on the way back, so the foreseen ones travel as values. */
import { LearnerInputError } from '../learner-input.ts';
import type { Recipe, TrainedModel, TrainingTable } from '../rules.ts';
import { type ForwardRequest, trainModel, validateForward } from './train-model.ts';

export type Outcome<T> = { readonly value: T } | { readonly refused: string };
export type ReportProgress = (progress: { fraction: number; metrics: Record<string, number> }) => void;

export function train(
  { table, recipe }: { table: TrainingTable; recipe: Recipe },
  report?: ReportProgress,
): Outcome<TrainedModel> {
  return attempt(() =>
    trainModel(table, recipe, (fraction, metrics) => report?.({ fraction, metrics: { ...metrics } })),
  );
}

export function validate({
  table,
  request,
}: {
  table: TrainingTable;
  request: ForwardRequest;
}): Outcome<readonly number[]> {
  return attempt(() => validateForward(table, request));
}

function attempt<T>(work: () => T): Outcome<T> {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof LearnerInputError) return { refused: error.message };
    throw error;
  }
}
