import type { LoopRun, RetrainingPolicy } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { LoopRunsTable, RetrainingPoliciesTable } from '../../adapters/db/tables/retraining.ts';
import type { Policy, StoredRun } from './rules.ts';

export const retrainingStore = (db: Db) => {
  const runs = (workspace: string) =>
    db.selectFrom('loop_runs').selectAll().where('workspace', '=', workspace);

  return {
    async savePolicy({ workspace, name, createdAt, ...definition }: Policy, actor: string): Promise<void> {
      const row = { endpoint: definition.endpoint, definition: json(definition) };
      await db
        .insertInto('retraining_policies')
        .values({ workspace, name, ...row, created_at: createdAt, created_by: actor })
        .onConflict((conflict) => conflict.columns(['workspace', 'name']).doUpdateSet(row))
        .execute();
    },

    async findPolicy(workspace: string, name: string): Promise<Policy | null> {
      const row = await db
        .selectFrom('retraining_policies')
        .selectAll()
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .executeTakeFirst();
      return row ? toPolicy(row) : null;
    },

    async listPolicies(filter: {
      workspace: string;
      endpoint?: string | undefined;
      after?: string | undefined;
      limit?: number | undefined;
    }): Promise<Policy[]> {
      let query = db.selectFrom('retraining_policies').selectAll().where('workspace', '=', filter.workspace);
      if (filter.endpoint !== undefined) query = query.where('endpoint', '=', filter.endpoint);
      if (filter.after !== undefined) query = query.where('name', '>', filter.after);
      if (filter.limit !== undefined) query = query.limit(filter.limit);
      return (await query.orderBy('name').execute()).map(toPolicy);
    },

    /** False when the endpoint has an active run already. */
    async insertRun(run: StoredRun): Promise<boolean> {
      const inserted = await db
        .insertInto('loop_runs')
        .values({
          id: run.id,
          workspace: run.workspace,
          policy: run.policy,
          endpoint: run.endpoint,
          cause: run.trigger,
          alert: run.alert,
          state: run.state,
          verdict: run.verdict,
          candidate: run.candidate,
          rollout: run.rollout,
          steps: json(run.steps),
          made: json(run.made),
          definition: json(run.definition),
          event_time: run.eventTime,
          created_at: run.createdAt,
          finished_at: run.finishedAt,
          active_endpoint: run.endpoint,
        })
        .onConflict((conflict) => conflict.columns(['workspace', 'active_endpoint']).doNothing())
        .returning('id')
        .executeTakeFirst();
      return inserted !== undefined;
    },

    /** False when the run has ended meanwhile: what ended stays as it is. */
    async updateRun(run: StoredRun): Promise<boolean> {
      const result = await db
        .updateTable('loop_runs')
        .set({
          state: run.state,
          verdict: run.verdict,
          candidate: run.candidate,
          rollout: run.rollout,
          steps: json(run.steps),
          made: json(run.made),
          finished_at: run.finishedAt,
          active_endpoint: run.finishedAt === null ? run.endpoint : null,
        })
        .where('id', '=', run.id)
        .where('finished_at', 'is', null)
        .executeTakeFirst();
      return Number(result.numUpdatedRows) === 1;
    },

    async findRun(workspace: string, id: string): Promise<StoredRun | null> {
      const row = await runs(workspace).where('id', '=', id).executeTakeFirst();
      return row ? toRun(row) : null;
    },

    async findActive(workspace: string, endpoint: string): Promise<StoredRun | null> {
      const row = await runs(workspace).where('active_endpoint', '=', endpoint).executeTakeFirst();
      return row ? toRun(row) : null;
    },

    async listActiveIds(workspace: string): Promise<string[]> {
      const rows = await db
        .selectFrom('loop_runs')
        .select('id')
        .where('workspace', '=', workspace)
        .where('active_endpoint', 'is not', null)
        .execute();
      return rows.map((row) => row.id);
    },

    /** Event time of the newest run of a policy that knew one. */
    async findLastEventTime(workspace: string, policy: string): Promise<number | null> {
      const row = await db
        .selectFrom('loop_runs')
        .select((select) => select.fn.max('event_time').as('last'))
        .where('workspace', '=', workspace)
        .where('policy', '=', policy)
        .executeTakeFirst();
      return row?.last == null ? null : Number(row.last);
    },

    async listRuns(filter: {
      workspace: string;
      endpoint?: string | undefined;
      before?: string | undefined;
      limit: number;
    }): Promise<StoredRun[]> {
      let query = runs(filter.workspace);
      if (filter.endpoint !== undefined) query = query.where('endpoint', '=', filter.endpoint);
      if (filter.before !== undefined) query = query.where('id', '<', filter.before);
      return (await query.orderBy('id', 'desc').limit(filter.limit).execute()).map(toRun);
    },
  };
};

const toPolicy = (row: Selectable<RetrainingPoliciesTable>): Policy => ({
  ...parseJson<Omit<RetrainingPolicy, 'name' | 'createdAt'>>(row.definition),
  workspace: row.workspace,
  name: row.name,
  createdAt: row.created_at,
});

const toRun = (row: Selectable<LoopRunsTable>): StoredRun => ({
  id: row.id,
  workspace: row.workspace,
  policy: row.policy,
  endpoint: row.endpoint,
  trigger: row.cause,
  alert: row.alert,
  state: row.state as LoopRun['state'],
  verdict: row.verdict as LoopRun['verdict'],
  candidate: row.candidate,
  rollout: row.rollout,
  steps: parseJson(row.steps),
  made: parseJson(row.made),
  definition: parseJson(row.definition),
  eventTime: row.event_time,
  createdAt: row.created_at,
  finishedAt: row.finished_at,
});
