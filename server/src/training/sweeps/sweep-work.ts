import { type Db, transact } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import type { TaskContext, TaskOutcome } from '../../platform/tasks/service.ts';
import type { Experiments } from '../experiments/service.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Learners } from '../learners/service.ts';
import type { LearnerConfirmations } from './confirmation/learner-confirmations.ts';
import { chooseBest, type SweepRecord } from './rules.ts';
import { callerOf, type SweepEnds } from './sweep-ends.ts';
import type { SweepFits } from './sweep-fits.ts';
import type { Trials } from './trials.ts';

export interface SweepWorkDependencies {
  readonly db: Db;
  readonly experiments: Pick<Experiments, 'logBatch' | 'setRunStatus'>;
  readonly learners: Pick<Learners, 'listFolds'>;
  readonly jobs: Pick<Jobs, 'logTrainingSet'>;
  readonly fits: SweepFits;
  readonly trials: Trials;
  readonly confirmations: Pick<LearnerConfirmations, 'choose'>;
  readonly ends: SweepEnds;
}

export function createSweepWork(deps: SweepWorkDependencies) {
  const { db, experiments, learners, jobs, fits, trials, confirmations, ends } = deps;

  return async function work(task: TaskContext<unknown>, sweep: SweepRecord): Promise<TaskOutcome> {
    const { runId, workspace, definition } = sweep;
    const { signal } = task;
    const reference = definition.trainingSet;
    await transact(db, (tx) => experiments.setRunStatus(tx, runId, 'RUNNING', workspace));
    await jobs.logTrainingSet(runId, { reference, digest: sweep.trainingDigest }, workspace);
    const table = await fits.read(sweep, signal);
    const folds = learners.listFolds(table, definition.folds, reference);

    const all = await trials.runAll({ sweep, table, folds, signal }, (ended) =>
      task.saveProgress({ ...task.progress, ended, trials: definition.trials }),
    );
    const best = chooseBest(all);
    if (!best) {
      const reason = all[0]?.error ?? 'it gave no value';
      throw errors.sweepFailed({ id: sweep.id, trials: all.length, reason });
    }
    const onEnd = (repeated: number, repeats: number) =>
      task.saveProgress({ ...task.progress, repeated, repeats });
    const winner = definition.confirm
      ? await confirmations.choose(sweep, all, { table, signal, onEnd })
      : best;

    const model = await fits.fit(sweep, winner, runId, { table, signal });
    const metrics = [
      { key: definition.metric, value: winner.value },
      { key: 'trainingRows', value: model.trainingRows },
    ];
    await experiments.logBatch({ id: runId, metrics }, callerOf(sweep));
    const done = { runId, best: winner.number, value: winner.value };
    await ends.end(sweep, 'succeeded', callerOf(sweep), {
      winner,
      alongside: (tx) => task.settle(tx, { done }),
    });
    return { done };
  };
}
