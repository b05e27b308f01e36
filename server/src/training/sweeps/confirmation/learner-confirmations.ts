/** Sweeps over our learners: the best trials fitted again, with other seeds on rolling windows, in worker threads. */
import type { Confirmation, SweepDefinition } from '@tidemill/contract';
import type { Changes } from '../../../access/audit/service.ts';
import type { Db } from '../../../adapters/db/db.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import type { Experiments } from '../../experiments/service.ts';
import type { Learners, TrainingTable } from '../../learners/service.ts';
import { inLanes } from '../lanes.ts';
import { type LearnerTrial, rankTrials, type SweepRecord } from '../rules.ts';
import { callerOf } from '../sweep-ends.ts';
import { decide } from './choose-trial.ts';
import { createConfirmationRecords } from './records.ts';
import {
  type Confirmable,
  type ConfirmationRecord,
  completeConfirmation,
  completeRequest,
  isRepeatOver,
  type Repeat,
  toConfirmation,
} from './rules.ts';
import { confirmationStore } from './store.ts';

export interface LearnerConfirmationsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly experiments: Pick<Experiments, 'logBatch'>;
  readonly learners: Pick<Learners, 'listRollingFolds' | 'parameterNames' | 'validate'>;
  /** False when the sweep has ended; otherwise it cannot end before this transaction does. */
  holdOpen(tx: Db, id: string): Promise<boolean>;
}

export interface Rows {
  readonly table: TrainingTable;
  readonly signal: AbortSignal;
  onEnd(ended: number, repeats: number): Promise<void>;
}

type Folds = ReturnType<Learners['listRollingFolds']>;

/** A ridge has no seed to differ by; windows make its repeats differ. */
const defaultWindows = 3;

export function createLearnerConfirmations(deps: LearnerConfirmationsDependencies) {
  const { db, changes, learners, experiments } = deps;
  const records = createConfirmationRecords(deps);
  const store = confirmationStore(db);

  const limitsOf = (definition: Pick<SweepDefinition, 'learners'>) => ({
    ...{ numeric: learners.parameterNames(definition.learners), windows: defaultWindows },
  });

  function toConfirmable({ id, definition }: SweepRecord, trials: readonly LearnerTrial[]): Confirmable {
    const { seed } = definition;
    return { ...limitsOf(definition), id, seed, direction: 'minimize', ranked: rankTrials(trials) };
  }

  /** Those of one trial and seed share a fit's table, so they are judged together. */
  async function judge(
    { id, definition, workspace, actor }: SweepRecord,
    trial: LearnerTrial,
    repeats: readonly Repeat[],
    { table, folds, signal }: { table: TrainingTable; folds: Folds; signal: AbortSignal },
  ): Promise<void> {
    const { learner, parameters } = trial;
    const { metric, trainingSet: reference } = definition;
    const own = repeats.flatMap(({ window }) => folds[window ?? 0] ?? []);
    const request = { learner, parameters, seed: repeats[0]?.seed ?? 0, folds: own, metric };
    const values = await learners.validate({ table, request, reference }, signal).catch((error: unknown) => {
      // As with trials: parameters that cannot be fitted are a result, a server in trouble is none.
      if (signal.aborted || !(error instanceof TidemillError) || error.status >= 500) throw error;
      return error.message;
    });
    for (const [i, repeat] of repeats.entries()) {
      const value = typeof values === 'string' ? null : (values[i] ?? null);
      const isValue = value !== null && Number.isFinite(value);
      const error = isValue ? null : typeof values === 'string' ? values : `its ${metric} is ${value}`;
      const state = isValue ? 'complete' : 'failed';
      await store.updateRepeat(id, repeat, { state, value: isValue ? value : null, error });
      const point = { key: `confirmed_${metric}`, value, step: repeat.window ?? 0 };
      if (isValue)
        await experiments.logBatch(
          { id: trial.runId, metrics: [point] },
          { actor, workspace, role: 'editor' },
        );
    }
  }

  async function find(sweep: Pick<SweepRecord, 'id'>): Promise<ConfirmationRecord> {
    const found = await store.find(sweep.id);
    if (!found) throw errors.sweepNotConfirmed({ id: sweep.id, reason: 'that was not asked for' });
    return found;
  }

  /** What has not ended yet: what a killed server was at is done again. */
  async function runRepeats(
    sweep: SweepRecord,
    trials: readonly LearnerTrial[],
    { definition }: ConfirmationRecord,
    { table, signal, onEnd }: Rows,
  ): Promise<readonly Repeat[]> {
    const folds = learners.listRollingFolds(table, definition.windows ?? 1, sweep.definition.trainingSet);
    const repeats = await store.listRepeats(sweep.id);
    const due = repeats.filter((repeat) => !isRepeatOver(repeat));
    const groups = [...Map.groupBy(due, ({ number, seed }) => `${number}/${seed}`).values()];
    let ended = repeats.length - due.length;
    await inLanes(groups, signal, async (group) => {
      const trial = trials.find(({ number }) => number === group[0]?.number);
      if (!trial) return;
      await judge(sweep, trial, group, { table, folds, signal });
      ended += group.length;
      await onEnd(ended, repeats.length);
    });
    return store.listRepeats(sweep.id);
  }

  return {
    records,
    toConfirmable,
    find,

    /** @throws confirmationInvalid */
    assertRequest({ learners: names, confirm }: Pick<SweepDefinition, 'learners' | 'confirm'>): void {
      if (confirm) completeRequest(confirm, limitsOf({ learners: names }));
    },

    findChosen: (id: string): Promise<number | null> => store.findChosen(id),

    async describe({ id }: Pick<SweepRecord, 'id'>): Promise<Confirmation | null> {
      const found = await store.find(id);
      return found && toConfirmation(found, await store.listRepeats(id));
    },

    /** What the rule makes of the repeats, once they are all there. */
    async decide(
      sweep: SweepRecord,
      trials: readonly LearnerTrial[],
      record: ConfirmationRecord,
      rows: Rows,
    ) {
      return decide(record.definition, await runRepeats(sweep, trials, record, rows));
    },

    /**
     * As part of the sweep itself: begun once, gone on with after a restart.
     * @returns the trial that its rule chooses.
     * @throws sweepUnconfirmed when there is none
     */
    async choose(sweep: SweepRecord, trials: readonly LearnerTrial[], rows: Rows): Promise<LearnerTrial> {
      const { id, runId, definition, actor } = sweep;
      if (!(await store.find(id)))
        await changes.run(callerOf(sweep), async (tx, record) => {
          if (!(await deps.holdOpen(tx, id))) throw errors.jobEnded({ id, state: 'ended' });
          const full = completeConfirmation(toConfirmable(sweep, trials), definition.confirm ?? {});
          await records.begin(tx, record, { id, definition: full, taskId: id, actor });
        });
      const begun = await find(sweep);
      if (begun.status === 'running') {
        const end = await this.decide(sweep, trials, begun, rows);
        // The sweep's own end sees to the model.
        await records.end({ id, runId, register: null }, end, callerOf(sweep));
      }
      const { choice, error } = await find(sweep);
      const chosen = trials.find(({ number }) => number === choice?.chosen);
      if (chosen) return chosen;
      throw errors.sweepUnconfirmed({ id, reason: error ?? 'none of the best was chosen' });
    },
  };
}

export type LearnerConfirmations = ReturnType<typeof createLearnerConfirmations>;
