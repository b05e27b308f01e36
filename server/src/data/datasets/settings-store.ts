import { type Db, json } from '../../adapters/db/db.ts';

export interface DatasetSettings {
  readonly description?: string | undefined;
  readonly key?: readonly string[] | undefined;
}

/** What is said of datasets and contents, beside the versions themselves. */
export const settingsStore = (db: Db) => ({
  async update(workspace: string, name: string, { description, key }: DatasetSettings): Promise<void> {
    if (description === undefined && key === undefined) return;
    await db
      .updateTable('datasets')
      .set({
        ...(description !== undefined && { description }),
        ...(key && { row_key: key.length > 0 ? json(key) : null }),
      })
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .execute();
  },

  async listTags(workspace: string, dataset: string): Promise<{ tag: string; version: number }[]> {
    return db
      .selectFrom('dataset_tags')
      .select(['tag', 'number as version'])
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .orderBy('tag')
      .execute();
  },

  /** Whether there was one. */
  async deleteTag(workspace: string, dataset: string, tag: string): Promise<boolean> {
    const gone = await db
      .deleteFrom('dataset_tags')
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('tag', '=', tag)
      .returning('tag')
      .execute();
    return gone.length > 0;
  },

  /** Those of contents that no version has. */
  async deleteUnusedKeys(): Promise<void> {
    await db
      .deleteFrom('dataset_unique_keys')
      .where('digest', 'not in', (query) => query.selectFrom('dataset_versions').select('digest'))
      .execute();
  },

  /** Whether the content was found to have no two rows with these columns in common. */
  async isKnownUnique(digest: string, columns: readonly string[]): Promise<boolean> {
    const row = await db
      .selectFrom('dataset_unique_keys')
      .select('digest')
      .where('digest', '=', digest)
      .where('columns', '=', json([...columns].sort()))
      .executeTakeFirst();
    return row !== undefined;
  },

  async saveUnique(digest: string, columns: readonly string[]): Promise<void> {
    await db
      .insertInto('dataset_unique_keys')
      .values({ digest, columns: json([...columns].sort()) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },
});
