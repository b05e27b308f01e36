import type { TrialState } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../../adapters/db/db.ts';
import type { Database } from '../../../adapters/db/schema.ts';
import { bestFirst } from '../best-first.ts';
import type { SearchRecord, SearchStatus, TrialRecord } from './rules.ts';

const toRecord = (row: Selectable<Database['sweeps']>): SearchRecord => ({
  id: row.id,
  workspace: row.workspace,
  experimentId: row.experiment_id,
  runId: row.run_id,
  ...parseJson<Pick<SearchRecord, 'definition' | 'command'>>(row.definition),
  status: (row.status ?? 'failed') as SearchStatus,
  error: row.error,
  taskId: row.task_id,
  modelVersion: row.model_version,
  actor: row.actor,
  createdAt: row.created_at,
  endedAt: row.ended_at,
  revision: row.revision,
});

const toTrial = (row: Selectable<Database['sweep_trials']>): TrialRecord => ({
  number: row.number,
  state: row.state as TrialState,
  learner: null,
  parameters: parseJson(row.parameters),
  value: row.value,
  values: row.goal_values === null ? null : parseJson(row.goal_values),
  lastStep: row.last_step,
  lastValue: row.last_value,
  runId: row.run_id,
  jobId: row.job_id,
  source: row.source,
  ...(row.cached_from !== null && { cachedFrom: row.cached_from }),
  cost: row.cost,
  error: row.error,
  startedAt: row.created_at,
  endedAt: row.ended_at,
  generation: row.generation,
  lease: row.lease,
  leaseUntil: row.lease_until,
  lost: row.lost,
  revision: row.revision,
});

export interface StoredReport {
  readonly number: number;
  readonly step: number;
  readonly value: number | null;
  readonly revision: number;
}

/** What may change of a trial once it is there. */
export type TrialChange = Partial<
  Pick<
    TrialRecord,
    | 'state'
    | 'value'
    | 'values'
    | 'error'
    | 'cost'
    | 'lastStep'
    | 'lastValue'
    | 'lease'
    | 'leaseUntil'
    | 'lost'
    | 'jobId'
    | 'cachedFrom'
    | 'runId'
    | 'endedAt'
  >
>;

export const searchStore = (db: Db) => ({
  async insert(search: SearchRecord): Promise<void> {
    await db
      .insertInto('sweeps')
      .values({
        id: search.id,
        workspace: search.workspace,
        kind: 'space',
        experiment_id: search.experimentId,
        run_id: search.runId,
        definition: json({ definition: search.definition, command: search.command }),
        training_digest: '',
        best_trial: null,
        model_version: null,
        actor: search.actor,
        created_at: search.createdAt,
        ended_at: search.endedAt,
        status: search.status,
        error: search.error,
        task_id: search.taskId,
        revision: search.revision,
      })
      .execute();
  },

  async find(workspace: string, id: string): Promise<SearchRecord | null> {
    const row = await db
      .selectFrom('sweeps')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .where('kind', '=', 'space')
      .executeTakeFirst();
    return row ? toRecord(row) : null;
  },

  /** The sweep and the number of the trial that a job is. */
  async findTrialOfJob(jobId: string): Promise<{ sweepId: string; number: number } | null> {
    const row = await db
      .selectFrom('sweep_trials')
      .select(['sweep_id', 'number'])
      .where('job_id', '=', jobId)
      .executeTakeFirst();
    return row ? { sweepId: row.sweep_id, number: row.number } : null;
  },

  /** The next revision; until the transaction ends nobody else gets one. */
  async advance(id: string): Promise<{ revision: number; status: SearchStatus }> {
    const row = await db
      .updateTable('sweeps')
      .set((e) => ({ revision: e('revision', '+', 1) }))
      .where('id', '=', id)
      .returning(['revision', 'status'])
      .executeTakeFirstOrThrow();
    return { revision: row.revision, status: (row.status ?? 'failed') as SearchStatus };
  },

  async update(
    id: string,
    change: Partial<Pick<SearchRecord, 'status' | 'error' | 'taskId' | 'endedAt'>> & {
      readonly best?: number | null;
      readonly search?: Pick<SearchRecord, 'definition' | 'command'>;
    },
  ): Promise<void> {
    await db
      .updateTable('sweeps')
      .set({
        ...(change.status !== undefined && { status: change.status }),
        ...(change.error !== undefined && { error: change.error }),
        ...(change.taskId !== undefined && { task_id: change.taskId }),
        ...(change.endedAt !== undefined && { ended_at: change.endedAt }),
        ...(change.search !== undefined && { definition: json(change.search) }),
        ...(change.best !== undefined && { best_trial: change.best }),
      })
      .where('id', '=', id)
      .execute();
  },

  async insertTrials(id: string, trials: readonly TrialRecord[]): Promise<void> {
    for (const trial of trials)
      await db
        .insertInto('sweep_trials')
        .values({
          sweep_id: id,
          number: trial.number,
          run_id: trial.runId,
          state: trial.state,
          learner: '',
          parameters: json(trial.parameters),
          value: trial.value,
          error: trial.error,
          created_at: trial.startedAt,
          ended_at: trial.endedAt,
          goal_values: trial.values && json(trial.values),
          generation: trial.generation,
          job_id: trial.jobId,
          source: trial.source,
          cached_from: trial.cachedFrom ?? null,
          cost: trial.cost,
          last_step: trial.lastStep,
          last_value: trial.lastValue,
          lease: trial.lease,
          lease_until: trial.leaseUntil,
          lost: trial.lost,
          revision: trial.revision,
        })
        .execute();
  },

  async updateTrial(id: string, number: number, change: TrialChange, revision: number): Promise<void> {
    await db
      .updateTable('sweep_trials')
      .set({
        revision,
        ...(change.state !== undefined && { state: change.state }),
        ...(change.value !== undefined && { value: change.value }),
        ...(change.values !== undefined && { goal_values: change.values && json(change.values) }),
        ...(change.error !== undefined && { error: change.error }),
        ...(change.cost !== undefined && { cost: change.cost }),
        ...(change.lastStep !== undefined && { last_step: change.lastStep }),
        ...(change.lastValue !== undefined && { last_value: change.lastValue }),
        ...(change.lease !== undefined && { lease: change.lease }),
        ...(change.leaseUntil !== undefined && { lease_until: change.leaseUntil }),
        ...(change.lost !== undefined && { lost: change.lost }),
        ...(change.jobId !== undefined && { job_id: change.jobId }),
        ...(change.cachedFrom !== undefined && { cached_from: change.cachedFrom }),
        ...(change.runId !== undefined && { run_id: change.runId }),
        ...(change.endedAt !== undefined && { ended_at: change.endedAt }),
      })
      .where('sweep_id', '=', id)
      .where('number', '=', number)
      .execute();
  },

  /** False when the step was reported before. */
  async insertReport(id: string, report: StoredReport): Promise<boolean> {
    const { number, step, value, revision } = report;
    const result = await db
      .insertInto('sweep_reports')
      .values({ sweep_id: id, number, step, value, revision })
      .onConflict((conflict) => conflict.columns(['sweep_id', 'number', 'step']).doNothing())
      .executeTakeFirst();
    return Number(result.numInsertedOrUpdatedRows ?? 0) === 1;
  },

  async findTrial(id: string, number: number): Promise<TrialRecord | null> {
    const row = await db
      .selectFrom('sweep_trials')
      .selectAll()
      .where('sweep_id', '=', id)
      .where('number', '=', number)
      .executeTakeFirst();
    return row ? toTrial(row) : null;
  },

  async hasOpenTrial(id: string): Promise<boolean> {
    const row = await db
      .selectFrom('sweep_trials')
      .select('number')
      .where('sweep_id', '=', id)
      .where('state', 'in', ['waiting', 'running'])
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  },

  /** By the first goal; among equals the earlier one. */
  async findBest(id: string, order: 'asc' | 'desc'): Promise<TrialRecord | null> {
    const row = await bestFirst(db, id, order).executeTakeFirst();
    return row ? toTrial(row) : null;
  },

  async findRevision(id: string): Promise<number> {
    const row = await db.selectFrom('sweeps').select('revision').where('id', '=', id).executeTakeFirst();
    return row?.revision ?? 0;
  },

  /** What changed behind the one revision and until the other, in the order in which it did. */
  async listTrials(id: string, after: number, until: number): Promise<TrialRecord[]> {
    const rows = await db
      .selectFrom('sweep_trials')
      .selectAll()
      .where('sweep_id', '=', id)
      .where('revision', '>', after)
      .where('revision', '<=', until)
      .orderBy('revision')
      .orderBy('number')
      .execute();
    return rows.map(toTrial);
  },

  /** The same, page by page: behind one trial at one revision. */
  async pageTrials(
    id: string,
    after: { readonly revision: number; readonly number: number },
    until: number,
    limit: number,
  ): Promise<TrialRecord[]> {
    const rows = await db
      .selectFrom('sweep_trials')
      .selectAll()
      .where('sweep_id', '=', id)
      .where('revision', '>=', after.revision)
      .where('revision', '<=', until)
      .where((e) => e.or([e('revision', '>', after.revision), e('number', '>', after.number)]))
      .orderBy('revision')
      .orderBy('number')
      .limit(limit)
      .execute();
    return rows.map(toTrial);
  },

  /** Goal values of complete trials, which say which of them no other beats. */
  async listGoalValues(id: string): Promise<{ number: number; values: readonly number[] }[]> {
    const rows = await db
      .selectFrom('sweep_trials')
      .select(['number', 'goal_values'])
      .where('sweep_id', '=', id)
      .where('state', '=', 'complete')
      .where('goal_values', 'is not', null)
      .orderBy('number')
      .execute();
    return rows.map((row) => ({ number: row.number, values: parseJson(row.goal_values ?? '[]') }));
  },

  async listReports(id: string, after: number, until: number): Promise<StoredReport[]> {
    return db
      .selectFrom('sweep_reports')
      .select(['number', 'step', 'value', 'revision'])
      .where('sweep_id', '=', id)
      .where('revision', '>', after)
      .where('revision', '<=', until)
      .orderBy('revision')
      .execute();
  },
});
