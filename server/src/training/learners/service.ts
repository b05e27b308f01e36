import type { LearnerName } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import { drawTrial } from './fitting/random-search.ts';
import { listFolds } from './fitting/row-split.ts';
import type { ForwardRequest } from './fitting/train-model.ts';
import { assertTrainingColumns, readTrainingTable } from './fitting/training-table.ts';
import type { Outcome, ReportProgress } from './fitting/worker.ts';
import { LearnerInputError, parseParameters } from './learner-input.ts';
import { getLearner } from './learners.ts';
import type { Fold, Recipe, TrainedModel, TrainingColumns, TrainingTable } from './rules.ts';
import { parseRecipe } from './rules.ts';

export type { Recipe, TrainedModel, TrainingTable, TrialDraw } from './rules.ts';

/** Runs an exported function of a module in a worker thread; `adapters/executor/worker-pool.ts` is one. */
export interface Compute {
  compute<T>(
    task: { readonly module: URL; readonly name: string; readonly input: unknown },
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (progress: never) => void },
  ): Promise<T>;
}

export interface LearnersDependencies {
  readonly analytics: Analytics;
  readonly compute: Compute;
}

export interface WorkOptions {
  /** Ends the worker thread at once. */
  readonly signal?: AbortSignal;
  readonly onProgress?: ReportProgress;
}

const module = new URL('./fitting/worker.ts', import.meta.url);

/** How models are made from tables: reading, fitting and judging, away from the event loop. Knows no runs. */
export function createLearners({ analytics, compute }: LearnersDependencies) {
  async function inWorker<T>(
    name: 'train' | 'validate',
    input: object,
    reference: string,
    { signal, onProgress }: WorkOptions,
  ): Promise<T> {
    const outcome = await compute.compute<Outcome<T>>(
      { module, name, input },
      { ...(signal && { signal }), ...(onProgress && { onProgress }) },
    );
    if ('refused' in outcome) throw errors.trainingRefused({ reference, reason: outcome.refused });
    return outcome.value;
  }

  const read = (
    source: TableSource,
    columns: TrainingColumns,
    signal?: AbortSignal,
  ): Promise<TrainingTable> => readTrainingTable(analytics, source, columns, signal);

  const train = (table: TrainingTable, recipe: Recipe, options: WorkOptions = {}): Promise<TrainedModel> =>
    inWorker('train', { table, recipe }, recipe.trainingSet.reference, options);

  return {
    assertColumns: assertTrainingColumns,
    drawTrial,
    parseRecipe,

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

    /** Oldest rows first. @throws datasetColumnNotFound, trainingColumnInvalid, trainingValueMissing */
    read,

    /** @throws trainingRefused when the table has too few times for so many folds */
    listFolds(table: TrainingTable, count: number, reference: string): readonly Fold[] {
      try {
        return listFolds(table.time, count);
      } catch (error) {
        if (!(error instanceof LearnerInputError)) throw error;
        throw errors.trainingRefused({ reference, reason: error.message }, error);
      }
    },

    /** Follows a recipe in a worker thread. @throws trainingRefused */
    train,

    /** One error per fold. @throws trainingRefused */
    validate: (
      table: TrainingTable,
      request: ForwardRequest,
      reference: string,
      options: WorkOptions = {},
    ): Promise<readonly number[]> => inWorker('validate', { table, request }, reference, options),

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
