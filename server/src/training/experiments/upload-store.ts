import type { Db } from '../../adapters/db/db.ts';

export interface ArtifactUpload {
  readonly id: string;
  readonly owner: string;
  readonly path: string;
  readonly partCount: number;
  readonly createdAt: number;
  readonly completedAt: number | null;
}

export const uploadStore = (db: Db) => ({
  async insert(upload: Omit<ArtifactUpload, 'completedAt'>, workspace: string, actor: string): Promise<void> {
    await db
      .insertInto('artifact_uploads')
      .values({
        id: upload.id,
        workspace,
        owner_id: upload.owner,
        path: upload.path,
        part_count: upload.partCount,
        actor,
        created_at: upload.createdAt,
        completed_at: null,
      })
      .execute();
  },

  async find(workspace: string, id: string): Promise<ArtifactUpload | null> {
    const row = await db
      .selectFrom('artifact_uploads')
      .selectAll()
      .where('id', '=', id)
      .where('workspace', '=', workspace)
      .executeTakeFirst();
    if (!row) return null;
    return {
      id: row.id,
      owner: row.owner_id,
      path: row.path,
      partCount: row.part_count,
      createdAt: row.created_at,
      completedAt: row.completed_at,
    };
  },

  async countUnfinished(workspace: string): Promise<number> {
    const { count } = await db
      .selectFrom('artifact_uploads')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('workspace', '=', workspace)
      .where('completed_at', 'is', null)
      .executeTakeFirstOrThrow();
    return Number(count);
  },

  async listOlder(before: number, limit: number): Promise<string[]> {
    const rows = await db
      .selectFrom('artifact_uploads')
      .select('id')
      .where('created_at', '<', before)
      .orderBy('created_at')
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  },

  async complete(id: string, now: number): Promise<void> {
    await db.updateTable('artifact_uploads').set({ completed_at: now }).where('id', '=', id).execute();
  },

  async delete(id: string): Promise<void> {
    await db.deleteFrom('artifact_uploads').where('id', '=', id).execute();
  },
});
