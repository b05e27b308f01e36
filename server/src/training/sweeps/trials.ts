import { type Db, transact } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { newRunId } from '../../base/ids.ts';
import { mean } from '../../base/statistics/summary.ts';
import type { Experiments } from '../experiments/service.ts';
import type { ForwardRequest, Learners, TrainingTable } from '../learners/service.ts';
import { inLanes } from './lanes.ts';
import type { LearnerTrial, SweepRecord } from './rules.ts';
import { sweepStore } from './store.ts';
import { callerOf } from './sweep-ends.ts';

export interface TrialsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly experiments: Pick<Experiments, 'openRun' | 'setRunStatus' | 'logBatch'>;
  readonly learners: Pick<Learners, 'drawTrial' | 'validate'>;
}

export interface Search {
  readonly sweep: SweepRecord;
  readonly table: TrainingTable;
  readonly folds: ForwardRequest['folds'];
  readonly signal: AbortSignal;
}

/** Trials are rows of their own: what has ended is not done again, what was running is done again under its run. */
export function createTrials({ db, clock, experiments, learners }: TrialsDependencies) {
  async function open(sweep: SweepRecord, number: number): Promise<LearnerTrial> {
    const { definition, experimentId, runId: parent } = sweep;
    const drawn = learners.drawTrial(definition.learners, definition.seed, number);
    const trial: LearnerTrial = {
      ...{ number, state: 'running', value: null, values: null, error: null, runId: newRunId() },
      ...{ learner: drawn.learner, parameters: { ...drawn.parameters } },
      ...{ lastStep: null, jobId: null, source: null, cost: null, startedAt: clock.now(), endedAt: null },
    };
    const tags = [{ key: 'mlflow.parentRunId', value: parent }];
    await transact(db, async (tx) => {
      const isOpen = await sweepStore(tx).holdOpen(sweep.id);
      if (!isOpen) throw errors.jobEnded({ id: sweep.id, state: 'ended' });
      const run = {
        id: trial.runId,
        experimentId,
        name: `trial-${number}`,
        status: 'RUNNING',
        tags,
      } as const;
      await experiments.openRun(tx, run, callerOf(sweep));
      await sweepStore(tx).insertTrial(sweep.id, trial, clock.now());
    });
    const texts = Object.entries(trial.parameters).map(([key, value]) => [key, String(value)]);
    const parameters = { ...Object.fromEntries(texts), learner: trial.learner };
    await experiments.logBatch({ id: trial.runId, parameters }, callerOf(sweep));
    return trial;
  }

  async function judge(trial: LearnerTrial, { sweep, table, folds, signal }: Search): Promise<LearnerTrial> {
    const { seed, metric, trainingSet } = sweep.definition;
    const { learner, parameters } = trial;
    const request = { learner, parameters, seed, folds, metric };
    try {
      const values = await learners.validate({ table, request, reference: trainingSet }, signal);
      const value = mean(Float64Array.from(values));
      const points = values.map((each, step) => ({ key: `fold_${metric}`, value: each, step }));
      const metrics = [...points, { key: metric, value }];
      await experiments.logBatch({ id: trial.runId, metrics }, callerOf(sweep));
      return { ...trial, state: 'complete', value };
    } catch (error) {
      // Parameters that cannot be fitted are a result; a server in trouble is none.
      if (signal.aborted || !(error instanceof TidemillError) || error.status >= 500) throw error;
      return { ...trial, state: 'failed', error: error.message };
    }
  }

  async function close(sweep: SweepRecord, trial: LearnerTrial): Promise<void> {
    const status = trial.state === 'complete' ? 'FINISHED' : 'FAILED';
    await transact(db, async (tx) => {
      const isFirst = await sweepStore(tx).endTrial(sweep.id, trial.number, trial, clock.now());
      if (isFirst) await experiments.setRunStatus(tx, trial.runId, status, sweep.workspace);
    });
  }

  const listTrials = async (sweep: SweepRecord) =>
    (await sweepStore(db).listTrials([sweep.id])).get(sweep.id) ?? [];

  return {
    /** Runs what is missing, and gives all trials in order. */
    async runAll(search: Search, onEnd: (ended: number) => Promise<void>): Promise<readonly LearnerTrial[]> {
      const { sweep, signal } = search;
      const found = new Map((await listTrials(sweep)).map((trial) => [trial.number, trial]));
      const isOpen = (number: number) => (found.get(number)?.state ?? 'running') === 'running';
      const due = [...Array(sweep.definition.trials).keys()].filter(isOpen);
      let ended = sweep.definition.trials - due.length;
      await inLanes(due, signal, async (number) => {
        await close(sweep, await judge(found.get(number) ?? (await open(sweep, number)), search));
        ended += 1;
        await onEnd(ended);
      });
      return listTrials(sweep);
    },
  };
}

export type Trials = ReturnType<typeof createTrials>;
