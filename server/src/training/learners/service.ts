import type { LearnerName } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import { errors } from '../../base/errors.ts';
import { drawTrial } from './fitting/random-search.ts';
import { listFolds } from './fitting/row-split.ts';
import type { ForwardRequest } from './fitting/train-model.ts';
import { assertTrainingColumns, readTrainingTable } from './fitting/training-table.ts';
import { type FitReport, named, type TrainInput, type ValidateInput } from './fitting/worker.ts';
import { LearnerInputError, parseParameters } from './learner-input.ts';
import { getLearner } from './learners.ts';
import {
  type Fold,
  parseRecipe,
  type Recipe,
  type TrainedModel,
  type TrainingColumns,
  type TrainingTable,
} from './rules.ts';

export type { Recipe, TrainedModel, TrainingTable, TrialDraw } from './rules.ts';

export interface LearnersDependencies {
  readonly analytics: Pick<Analytics, 'columns'>;
  readonly compute: Pick<Compute, 'compute'>;
}

export interface WorkOptions {
  /** Ends the worker thread at once. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (report: FitReport) => void;
}

const module = new URL('./fitting/worker.ts', import.meta.url);

/** How models are made from tables: reading, fitting and judging, away from the event loop. Knows no runs. */
export function createLearners({ analytics, compute }: LearnersDependencies) {
  /** @throws datasetColumnNotFound, trainingColumnInvalid, trainingValueMissing */
  const read = (
    source: TableSource,
    columns: TrainingColumns,
    signal?: AbortSignal,
  ): Promise<TrainingTable> => readTrainingTable(analytics, source, columns, signal);

  /** Follows a recipe in a worker thread. @throws trainingRefused */
  const train = (table: TrainingTable, recipe: Recipe, options: WorkOptions = {}): Promise<TrainedModel> => {
    const input: TrainInput = { table, recipe };
    return compute.compute({ module, name: 'train', input }, options);
  };

  return {
    assertColumns: assertTrainingColumns,
    drawTrial,
    parseRecipe,
    read,
    train,

    /** All parameters of a learner, defaults filled in. @throws learnerParameterInvalid */
    completeParameters(
      learner: LearnerName,
      given: Readonly<Record<string, number>>,
    ): Readonly<Record<string, number>> {
      const { defaults, limits } = getLearner(learner);
      try {
        return parseParameters(given, defaults, limits);
      } catch (error) {
        if (!(error instanceof LearnerInputError)) throw error;
        throw errors.learnerParameterInvalid({ learner, reason: error.message }, error);
      }
    },

    /** Expanding windows over the table. @throws trainingRefused when it has too few times for so many */
    listFolds: (table: TrainingTable, count: number, reference: string): readonly Fold[] =>
      named(reference, () => listFolds(table.time, count)),

    /** Windows that learn from the block before alone. @throws trainingRefused when it has too few times for so many */
    listRollingFolds: (table: TrainingTable, count: number, reference: string): readonly Fold[] =>
      named(reference, () => listFolds(table.time, count, 'rolling')),

    /** What a search of these learners chooses. */
    parameterNames: (learners: readonly LearnerName[]): ReadonlySet<string> =>
      new Set(learners.flatMap((name) => Object.keys(getLearner(name).ranges))),

    /** One error per fold. @throws trainingRefused */
    validate(input: ValidateInput, signal?: AbortSignal): Promise<readonly number[]> {
      return compute.compute({ module, name: 'validate', input }, signal ? { signal } : {});
    },

    /** The model folder again, from its recipe and the rows of its training set: equal rows, equal bytes. */
    async retrain(
      recipe: Recipe,
      source: TableSource,
      options: WorkOptions = {},
    ): Promise<ReadonlyMap<string, Uint8Array>> {
      const columns = { ...recipe, reference: recipe.trainingSet.reference };
      const table = await read(source, columns, options.signal);
      return (await train(table, recipe, options)).files;
    },
  };
}

export type Learners = ReturnType<typeof createLearners>;
export type { FitReport, ForwardRequest };
