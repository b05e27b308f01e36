import type { LearnerName, Trial } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { Database } from '../../adapters/db/schema.ts';
import { bestFirst } from './best-first.ts';
import type { LearnerTrial, SweepRecord } from './rules.ts';

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

const toTrial = (row: Selectable<Database['sweep_trials']>): LearnerTrial => ({
  number: row.number,
  state: row.state as Trial['state'],
  learner: row.learner as LearnerName,
  parameters: parseJson(row.parameters),
  value: row.value,
  values: row.value === null ? null : [row.value],
  runId: row.run_id,
  error: row.error,
  ...{ lastStep: null, jobId: null, source: null, cost: null },
  startedAt: row.created_at,
  endedAt: row.ended_at,
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
        kind: 'learners',
        ...{ status: null, error: null, task_id: null, revision: 0 },
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
      .where('kind', '=', 'learners')
      .execute();
    return new Map(rows.map((row) => [row.id, toRecord(row)]));
  },

  async listIds(
    workspace: string,
    limit: number,
    before: string | undefined,
  ): Promise<{ id: string; kind: string }[]> {
    let query = db.selectFrom('sweeps').select(['id', 'kind']).where('workspace', '=', workspace);
    if (before !== undefined) query = query.where('id', '<', before);
    return query.orderBy('id', 'desc').limit(limit).execute();
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

  async setModelVersion(id: string, reference: string): Promise<void> {
    await db.updateTable('sweeps').set({ model_version: reference }).where('id', '=', id).execute();
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

  async insertTrial(sweepId: string, trial: LearnerTrial, now: number): Promise<void> {
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
        ...{ goal_values: null, generation: null, job_id: null, source: null, cost: null },
        cached_from: null,
        ...{ last_step: null, last_value: null, lease: null, lease_until: null, lost: 0, revision: 0 },
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

  /** By sweep and state, without what came from another sweep. */
  async countTrials(sweepIds: readonly string[]): Promise<ReadonlyMap<string, Record<string, number>>> {
    if (sweepIds.length === 0) return new Map();
    const rows = await db
      .selectFrom('sweep_trials')
      .select(({ fn }) => ['sweep_id', 'state', fn.countAll<number>().as('count')])
      .where('sweep_id', 'in', sweepIds)
      .where('source', 'is', null)
      .groupBy(['sweep_id', 'state'])
      .execute();
    return new Map(
      [...Map.groupBy(rows, (row) => row.sweep_id)].map(([id, states]) => [
        id,
        Object.fromEntries(states.map(({ state, count }) => [state, count])),
      ]),
    );
  },

  /** The complete trial with the least error; among equals the earlier one. */
  async findBest(sweepId: string): Promise<LearnerTrial | null> {
    const row = await bestFirst(db, sweepId, 'asc').executeTakeFirst();
    return row ? toTrial(row) : null;
  },

  /** Those of the numbers named, and all from one on, in order of number. */
  async pageTrials(
    id: string,
    { from, open }: { readonly from: number; readonly open: readonly number[] },
    limit: number,
  ): Promise<LearnerTrial[]> {
    const rows = await db
      .selectFrom('sweep_trials')
      .selectAll()
      .where('sweep_id', '=', id)
      .where((e) => e.or([e('number', '>=', from), ...(open.length > 0 ? [e('number', 'in', open)] : [])]))
      .orderBy('number')
      .limit(limit)
      .execute();
    return rows.map(toTrial);
  },

  async findTrial(id: string, number: number): Promise<LearnerTrial | null> {
    const row = await db
      .selectFrom('sweep_trials')
      .selectAll()
      .where('sweep_id', '=', id)
      .where('number', '=', number)
      .executeTakeFirst();
    return row ? toTrial(row) : null;
  },

  /** By sweep, each in order of number. */
  async listTrials(sweepIds: readonly string[]): Promise<ReadonlyMap<string, readonly LearnerTrial[]>> {
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
