import type { Selectable } from 'kysely';
import { type Db, json, lockKey, parseJson, type Tx } from '../../../adapters/db/db.ts';
import type { Database } from '../../../adapters/db/schema.ts';
import type { JobKey } from './key.ts';

/** What a run held when its job succeeded. */
export interface Results {
  readonly artifacts: readonly string[];
  /** Logged models that it made. */
  readonly models: readonly string[];
}

/** A command that succeeded, by what it was. */
export interface KeyedEnd extends Omit<JobKey, 'asked'> {
  readonly jobId: string;
  readonly results: Results;
}

const toEnd = (row: Selectable<Database['job_keys']>): KeyedEnd => ({
  jobId: row.job_id,
  key: row.key,
  parts: parseJson(row.parts),
  environment: parseJson(row.environment),
  results: parseJson(row.results ?? '{}'),
});

export const jobKeyStore = (db: Db) => {
  const ended = (workspace: string) =>
    db
      .selectFrom('job_keys')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('results', 'is not', null)
      .orderBy('created_at', 'desc');

  return {
    /** Another attempt may meet another environment. */
    async save(
      job: { readonly id: string; readonly workspace: string; readonly createdAt: number },
      { key, parts, environment }: JobKey,
    ): Promise<void> {
      const values = { key, parts: json(parts), environment: json(environment) };
      await db
        .insertInto('job_keys')
        .values({
          job_id: job.id,
          workspace: job.workspace,
          created_at: job.createdAt,
          results: null,
          ...values,
        })
        .onConflict((conflict) => conflict.column('job_id').doUpdateSet(values))
        .execute();
    },

    async saveResults(jobId: string, results: Results): Promise<void> {
      await db
        .updateTable('job_keys')
        .set({ results: json(results) })
        .where('job_id', '=', jobId)
        .execute();
    },

    async findParts(jobId: string): Promise<JobKey['parts'] | null> {
      const row = await db
        .selectFrom('job_keys')
        .select('parts')
        .where('job_id', '=', jobId)
        .executeTakeFirst();
      return row ? parseJson(row.parts) : null;
    },

    /** The newest first. */
    async listSame(workspace: string, key: string, limit: number): Promise<KeyedEnd[]> {
      return (await ended(workspace).where('key', '=', key).limit(limit).execute()).map(toEnd);
    },

    async listNewest(workspace: string, limit: number): Promise<KeyedEnd[]> {
      return (await ended(workspace).limit(limit).execute()).map(toEnd);
    },

    /** Null when it may go; otherwise the job that is on its way with the same. In a transaction. */
    async takeOff(workspace: string, asked: string, jobId: string): Promise<string | null> {
      await lockKey(db as Tx, `jobs/${workspace}/${asked}`);
      const other = await db
        .selectFrom('job_flights')
        .select('job_id')
        .where('workspace', '=', workspace)
        .where('asked', '=', asked)
        .executeTakeFirst();
      if (other) return other.job_id;
      await db.insertInto('job_flights').values({ workspace, asked, job_id: jobId }).execute();
      return null;
    },

    async land(jobId: string): Promise<void> {
      await db.deleteFrom('job_flights').where('job_id', '=', jobId).execute();
    },
  };
};
