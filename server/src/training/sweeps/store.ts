import type { LearnerName, Trial } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { Database } from '../../adapters/db/schema.ts';
import type { SweepRecord } from './rules.ts';

const toRecord = (row: Selectable<Database['sweeps']>): SweepRecord => ({
  id: row.id,
  workspace: row.workspace,
  experimentId: row.experiment_id,
  runId: row.run_id,
  definition: parseJson(row.definition),
  trainingDigest: row.training_digest,
  bestTrial: row.best_trial,
  modelVersion: row.model_version,
  actor: row.actor,
  createdAt: row.created_at,
  endedAt: row.ended_at,
});

const toTrial = (row: Selectable<Database['sweep_trials']>): Trial => ({
  number: row.number,
  state: row.state as Trial['state'],
  learner: row.learner as LearnerName,
  parameters: parseJson(row.parameters),
  value: row.value,
  runId: row.run_id,
  error: row.error,
});

export const sweepStore = (db: Db) => ({
  async insert(sweep: SweepRecord): Promise<void> {
    await db
      .insertInto('sweeps')
      .values({
        id: sweep.id,
        workspace: sweep.workspace,
        experiment_id: sweep.experimentId,
        run_id: sweep.runId,
        definition: json(sweep.definition),
        training_digest: sweep.trainingDigest,
        best_trial: sweep.bestTrial,
        model_version: sweep.modelVersion,
        actor: sweep.actor,
        created_at: sweep.createdAt,
        ended_at: sweep.endedAt,
      })
      .execute();
  },

  async find(workspace: string, id: string): Promise<SweepRecord | null> {
    return (await this.listByIds(workspace, [id])).get(id) ?? null;
  },

  async listByIds(workspace: string, ids: readonly string[]): Promise<ReadonlyMap<string, SweepRecord>> {
    if (ids.length === 0) return new Map();
    const rows = await db
      .selectFrom('sweeps')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('id', 'in', ids)
      .execute();
    return new Map(rows.map((row) => [row.id, toRecord(row)]));
  },

  /** False when it had ended: whoever comes first tells the end. */
  async end(id: string, bestTrial: number | null, now: number): Promise<boolean> {
    const result = await db
      .updateTable('sweeps')
      .set({ ended_at: now, best_trial: bestTrial })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  /** The first one: what somebody registers of the run later is theirs. */
  async setModelVersion(workspace: string, runId: string, reference: string): Promise<void> {
    await db
      .updateTable('sweeps')
      .set({ model_version: reference })
      .where('workspace', '=', workspace)
      .where('run_id', '=', runId)
      .where('model_version', 'is', null)
      .execute();
  },

  /** False when the sweep has ended; otherwise it cannot end before this transaction does. */
  async holdOpen(id: string): Promise<boolean> {
    const result = await db
      .updateTable('sweeps')
      .set({ best_trial: null })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  async insertTrial(sweepId: string, trial: Trial, now: number): Promise<void> {
    await db
      .insertInto('sweep_trials')
      .values({
        sweep_id: sweepId,
        number: trial.number,
        run_id: trial.runId,
        state: trial.state,
        learner: trial.learner,
        parameters: json(trial.parameters),
        value: trial.value,
        error: trial.error,
        created_at: now,
        ended_at: null,
      })
      .execute();
  },

  /** False when it ended before, as in a sweep that was cancelled meanwhile. */
  async endTrial(
    sweepId: string,
    number: number,
    { state, value, error }: Pick<Trial, 'state' | 'value' | 'error'>,
    now: number,
  ): Promise<boolean> {
    const result = await db
      .updateTable('sweep_trials')
      .set({ state, value, error, ended_at: now })
      .where('sweep_id', '=', sweepId)
      .where('number', '=', number)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  /** By sweep, each in order of number. */
  async listTrials(sweepIds: readonly string[]): Promise<ReadonlyMap<string, readonly Trial[]>> {
    if (sweepIds.length === 0) return new Map();
    const rows = await db
      .selectFrom('sweep_trials')
      .selectAll()
      .where('sweep_id', 'in', sweepIds)
      .orderBy('sweep_id')
      .orderBy('number')
      .execute();
    return new Map(
      [...Map.groupBy(rows, (row) => row.sweep_id)].map(([id, trials]) => [id, trials.map(toTrial)]),
    );
  },
});
