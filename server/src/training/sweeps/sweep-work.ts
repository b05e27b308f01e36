import { type Db, transact } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { TaskContext, TaskOutcome } from '../../platform/tasks/service.ts';
import type { Experiments } from '../experiments/service.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Learners } from '../learners/service.ts';
import { chooseBest, type SweepRecord, toRefitRecipe } from './rules.ts';
import { callerOf, type SweepEnds } from './sweep-ends.ts';
import type { Trials } from './trials.ts';

export interface SweepWorkDependencies {
  readonly db: Db;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly experiments: Pick<Experiments, 'logBatch' | 'setRunStatus'>;
  readonly learners: Pick<Learners, 'read' | 'listFolds' | 'train'>;
  readonly jobs: Pick<Jobs, 'logRecipe' | 'logTrainingSet' | 'storeModel'>;
  readonly trials: Trials;
  readonly ends: SweepEnds;
}

export function createSweepWork(deps: SweepWorkDependencies) {
  const { db, datasets, experiments, learners, jobs, trials, ends } = deps;

  return async function work(task: TaskContext<unknown>, sweep: SweepRecord): Promise<TaskOutcome> {
    const { runId, workspace, definition } = sweep;
    const caller = callerOf(sweep);
    const reference = definition.trainingSet;
    await transact(db, (tx) => experiments.setRunStatus(tx, runId, 'RUNNING', workspace));
    await jobs.logTrainingSet(runId, { reference, digest: sweep.trainingDigest }, workspace);
    const source = await datasets.source(await datasets.resolve(reference, workspace));
    const table = await learners.read(source, { ...definition, reference }, task.signal);
    const folds = learners.listFolds(table, definition.folds, reference);

    const search = { sweep, table, folds, signal: task.signal };
    const all = await trials.runAll(search, (ended) =>
      task.saveProgress({ ...task.progress, ended, trials: definition.trials }),
    );
    const best = chooseBest(all);
    if (!best) {
      const reason = all[0]?.error ?? 'it gave no value';
      throw errors.sweepFailed({ id: sweep.id, trials: all.length, reason });
    }

    const recipe = toRefitRecipe(sweep, best);
    const model = await learners.train(table, recipe, { signal: task.signal });
    await jobs.logRecipe(runId, recipe, caller);
    await jobs.storeModel(runId, recipe, model, caller);
    const metrics = [
      { key: definition.metric, value: best.value },
      { key: 'trainingRows', value: model.trainingRows },
    ];
    await experiments.logBatch({ id: runId, metrics }, caller);
    const done = { runId, best: best.number, value: best.value };
    await ends.end(sweep, 'succeeded', caller, { best, alongside: (tx) => task.settle(tx, { done }) });
    return { done };
  };
}
