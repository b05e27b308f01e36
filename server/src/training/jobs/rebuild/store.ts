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

const toRow = (workspace: string, { jobId, ofRun, notes, result, createdAt }: RebuildRecord) => ({
  ...{ job_id: jobId, workspace, of_run: ofRun, notes: json(notes), created_at: createdAt },
  result: result && json(result),
});

export const rebuildStore = (db: Db) => ({
  async insert(workspace: string, record: RebuildRecord): Promise<void> {
    await db.insertInto('rebuilds').values(toRow(workspace, record)).execute();
  },

  /** Also of a job that tries a failed one again, and was not written down before. */
  async saveResult(workspace: string, record: RebuildRecord): Promise<void> {
    const row = toRow(workspace, record);
    await db
      .insertInto('rebuilds')
      .values(row)
      .onConflict((conflict) => conflict.column('job_id').doUpdateSet({ result: row.result }))
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
