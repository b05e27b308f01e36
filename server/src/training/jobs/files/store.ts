import type { JobFile } from '@tidemill/contract';
import type { Db } from '../../../adapters/db/db.ts';

export type FileRole = 'code' | 'input' | 'diff' | 'lock';

const rowsAtOnce = 500;

export const jobFileStore = (db: Db) => ({
  async insert(jobId: string, role: FileRole, files: readonly JobFile[]): Promise<void> {
    for (let start = 0; start < files.length; start += rowsAtOnce)
      await db
        .insertInto('job_files')
        .values(
          files.slice(start, start + rowsAtOnce).map(({ path, sha256, executable }) => ({
            job_id: jobId,
            role,
            path,
            sha256,
            executable: Number(executable ?? false),
          })),
        )
        .execute();
  },

  /** In order of their paths. */
  async list(jobId: string, role: FileRole): Promise<JobFile[]> {
    const rows = await db
      .selectFrom('job_files')
      .select(['path', 'sha256', 'executable'])
      .where('job_id', '=', jobId)
      .where('role', '=', role)
      .orderBy('path')
      .execute();
    return rows.map(({ path, sha256, executable }) => ({ path, sha256, executable: executable === 1 }));
  },

  /** Those behind `after`, in the database's order of paths. */
  async page(jobId: string, role: FileRole, limit: number, after?: string): Promise<JobFile[]> {
    const rows = await db
      .selectFrom('job_files')
      .select(['path', 'sha256', 'executable'])
      .where('job_id', '=', jobId)
      .where('role', '=', role)
      .$if(after !== undefined, (query) => query.where('path', '>', after ?? ''))
      .orderBy('path')
      .limit(limit)
      .execute();
    return rows.map(({ path, sha256, executable }) => ({ path, sha256, executable: executable === 1 }));
  },

  async find(jobId: string, role: FileRole, path: string): Promise<JobFile | null> {
    const row = await db
      .selectFrom('job_files')
      .select(['path', 'sha256', 'executable'])
      .where('job_id', '=', jobId)
      .where('role', '=', role)
      .where('path', '=', path)
      .executeTakeFirst();
    return row ? { path: row.path, sha256: row.sha256, executable: row.executable === 1 } : null;
  },

  async copy(from: string, to: string, roles: readonly FileRole[]): Promise<void> {
    await db
      .insertInto('job_files')
      .columns(['job_id', 'role', 'path', 'sha256', 'executable'])
      .expression((e) =>
        e
          .selectFrom('job_files')
          .select([e.val(to).as('job_id'), 'role', 'path', 'sha256', 'executable'])
          .where('job_id', '=', from)
          .where('role', 'in', roles),
      )
      .execute();
  },

  /** Those of the blobs that are a file of some job. */
  async usedBlobs(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const rows = await db
      .selectFrom('job_files')
      .select('sha256')
      .distinct()
      .where('sha256', 'in', ids)
      .execute();
    return rows.map(({ sha256 }) => sha256);
  },
});
