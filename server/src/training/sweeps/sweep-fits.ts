/** The rows of a sweep, and a trial fitted on all of them. */
import type { Datasets } from '../../data/datasets/service.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Learners, TrainedModel, TrainingTable } from '../learners/service.ts';
import { type LearnerTrial, type SweepRecord, toRefitRecipe } from './rules.ts';
import { callerOf } from './sweep-ends.ts';

export interface SweepFitsDependencies {
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly learners: Pick<Learners, 'read' | 'train'>;
  readonly jobs: Pick<Jobs, 'logRecipe' | 'logTrainingSet' | 'storeModel'>;
}

export function createSweepFits({ datasets, learners, jobs }: SweepFitsDependencies) {
  return {
    async read({ definition, workspace }: SweepRecord, signal: AbortSignal): Promise<TrainingTable> {
      const reference = definition.trainingSet;
      const source = await datasets.source(await datasets.resolve(reference, workspace));
      return learners.read(source, { ...definition, reference }, signal);
    },

    /** Leaves recipe and model in the run. */
    async fit(
      sweep: SweepRecord,
      trial: LearnerTrial,
      runId: string,
      { table, signal }: { table: TrainingTable; signal: AbortSignal },
    ): Promise<TrainedModel> {
      const recipe = toRefitRecipe(sweep, trial, runId);
      const model = await learners.train(table, recipe, { signal });
      await jobs.logTrainingSet(runId, recipe.trainingSet, sweep.workspace);
      await jobs.logRecipe(runId, recipe, callerOf(sweep));
      await jobs.storeModel(runId, recipe, model, callerOf(sweep));
      return model;
    },
  };
}

export type SweepFits = ReturnType<typeof createSweepFits>;
