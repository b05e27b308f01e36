import { type Db, transact } from '../../../adapters/db/db.ts';
import type { Datasets } from '../../../data/datasets/service.ts';
import type { TaskContext, TaskOutcome } from '../../../platform/tasks/service.ts';
import type { Experiments } from '../../experiments/service.ts';
import type { Learners, TrainedModel } from '../../learners/service.ts';
import { callerOf, type JobEnds } from '../job-ends.ts';
import { type LearnerRecord, toRecipe } from '../rules.ts';
import { recordCurve } from './fit-curve.ts';
import type { ModelRuns } from './model-runs.ts';

export interface LearnerWorkDependencies {
  readonly db: Db;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly experiments: Pick<Experiments, 'logBatch' | 'setRunStatus'>;
  readonly learners: Pick<Learners, 'read' | 'train'>;
  readonly runs: ModelRuns;
  readonly ends: JobEnds;
}

/** Everything is written under the job's one run, so an attempt that is repeated overwrites what the last one left. */
export function createLearnerWork({
  db,
  datasets,
  experiments,
  learners,
  runs,
  ends,
}: LearnerWorkDependencies) {
  return async function work(task: TaskContext<unknown>, job: LearnerRecord): Promise<TaskOutcome> {
    const { runId, workspace } = job;
    const caller = callerOf(job);
    const recipe = toRecipe(job);
    await transact(db, (tx) => experiments.setRunStatus(tx, runId, 'RUNNING', workspace));
    await runs.logRecipe(runId, recipe, caller);
    await runs.logTrainingSet(runId, recipe.trainingSet, workspace);
    const version = await datasets.resolve(recipe.trainingSet.reference, workspace);
    const columns = { ...recipe, reference: version.reference };
    const table = await learners.read(await datasets.source(version), columns, task.signal);
    const curve = recordCurve(task);
    const model = await learners.train(table, recipe, { signal: task.signal, onProgress: curve.add });
    const metrics = [...(await curve.points()), ...toMetrics(model)];
    await runs.storeModel(runId, recipe, model, caller);
    await experiments.logBatch({ id: runId, metrics }, caller);
    const done = { runId, metrics: model.metrics };
    await ends.end(job, 'succeeded', caller, { alongside: (tx) => task.settle(tx, { done }) });
    return { done };
  };
}

const toMetrics = ({ metrics, trainingRows, holdoutRows }: TrainedModel) =>
  Object.entries({ ...metrics, trainingRows, holdoutRows }).map(([key, value]) => ({ key, value }));
