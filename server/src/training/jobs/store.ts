import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { Database } from '../../adapters/db/schema.ts';
import type { JobRecord } from './rules.ts';

const toRecord = (row: Selectable<Database['jobs']>): JobRecord =>
  ({
    id: row.id,
    workspace: row.workspace,
    kind: row.kind,
    experiment: row.experiment,
    runId: row.run_id,
    spec: parseJson(row.spec),
    modelVersion: row.model_version,
    actor: row.actor,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    cache: row.cache === null ? null : parseJson(row.cache),
  }) as JobRecord;

export const jobStore = (db: Db) => ({
  async insert(job: JobRecord): Promise<void> {
    await db
      .insertInto('jobs')
      .values({
        id: job.id,
        workspace: job.workspace,
        kind: job.kind,
        experiment: job.experiment,
        run_id: job.runId,
        spec: json(job.spec),
        model_version: job.modelVersion,
        actor: job.actor,
        created_at: job.createdAt,
        ended_at: job.endedAt,
        cache: job.cache && json(job.cache),
      })
      .execute();
  },

  async find(workspace: string, id: string): Promise<JobRecord | null> {
    return (await this.listByIds(workspace, [id])).get(id) ?? null;
  },

  async listByIds(workspace: string, ids: readonly string[]): Promise<ReadonlyMap<string, JobRecord>> {
    if (ids.length === 0) return new Map();
    const rows = await db
      .selectFrom('jobs')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('id', 'in', ids)
      .execute();
    return new Map(rows.map((row) => [row.id, toRecord(row)]));
  },

  async findByRun(workspace: string, runId: string): Promise<JobRecord | null> {
    const row = await db
      .selectFrom('jobs')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('run_id', '=', runId)
      .executeTakeFirst();
    return row ? toRecord(row) : null;
  },

  /** Null when it has ended. */
  async findOpenRun(workspace: string, id: string): Promise<string | null> {
    const row = await db
      .selectFrom('jobs')
      .select('run_id')
      .where('id', '=', id)
      .where('workspace', '=', workspace)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return row?.run_id ?? null;
  },

  /** False when it had ended: whoever comes first tells the end. */
  async end(id: string, now: number): Promise<boolean> {
    const result = await db
      .updateTable('jobs')
      .set({ ended_at: now })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  /** The first one: what somebody registers of the run later is theirs. */
  async setModelVersion(workspace: string, runId: string, reference: string): Promise<void> {
    await db
      .updateTable('jobs')
      .set({ model_version: reference })
      .where('workspace', '=', workspace)
      .where('run_id', '=', runId)
      .where('model_version', 'is', null)
      .execute();
  },
});
