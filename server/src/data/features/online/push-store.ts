import type { Db } from '../../../adapters/db/db.ts';

export const pushStore = (db: Db) => ({
  /** The dataset versions that hold the pushes with these keys. */
  async findVersions(workspace: string, view: string, keys: readonly string[]): Promise<Map<string, string>> {
    if (keys.length === 0) return new Map();
    const rows = await db
      .selectFrom('feature_pushes')
      .select(['push_key', 'dataset_version'])
      .where('workspace', '=', workspace)
      .where('view', '=', view)
      .where('push_key', 'in', keys)
      .execute();
    return new Map(rows.map((row) => [row.push_key, row.dataset_version]));
  },

  /** One that is there already undoes the transaction: another server appended it meanwhile. */
  async insert(
    workspace: string,
    view: string,
    keys: readonly string[],
    version: string,
    now: number,
  ): Promise<void> {
    if (keys.length === 0) return;
    await db
      .insertInto('feature_pushes')
      .values(
        keys.map((key) => ({ workspace, view, push_key: key, dataset_version: version, created_at: now })),
      )
      .execute();
  },
});
