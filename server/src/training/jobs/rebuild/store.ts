import { type Db, json, parseJson } from '../../../adapters/db/db.ts';
import type { RunComparison } from './compare.ts';

export interface RebuildRecord {
  readonly jobId: string;
  readonly ofRun: string;
  /** What was different already before it began. */
  readonly notes: readonly string[];
  /** Null until it has succeeded. */
  readonly result: RunComparison | null;
  readonly createdAt: number;
}

export const rebuildStore = (db: Db) => ({
  async insert(workspace: string, { jobId, ofRun, notes, createdAt }: RebuildRecord): Promise<void> {
    await db
      .insertInto('rebuilds')
      .values({
        ...{ job_id: jobId, workspace, of_run: ofRun, notes: json(notes) },
        ...{ result: null, created_at: createdAt },
      })
      .execute();
  },

  async saveResult(jobId: string, result: RunComparison): Promise<void> {
    await db
      .updateTable('rebuilds')
      .set({ result: json(result) })
      .where('job_id', '=', jobId)
      .execute();
  },

  /** The newest first. */
  async list(workspace: string, ofRun: string, limit: number): Promise<RebuildRecord[]> {
    const rows = await db
      .selectFrom('rebuilds')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('of_run', '=', ofRun)
      .orderBy('created_at', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      ...{ jobId: row.job_id, ofRun: row.of_run, createdAt: row.created_at },
      ...{ notes: parseJson(row.notes), result: row.result === null ? null : parseJson(row.result) },
    }));
  },
});
