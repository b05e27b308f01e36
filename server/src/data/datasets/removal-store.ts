import type { Db } from '../../adapters/db/db.ts';

export const removalStore = (db: Db) => ({
  /** Keeps the row of the name, so that its numbers go on where they were if the name comes back. */
  async deleteDataset(workspace: string, name: string, now: number): Promise<void> {
    for (const table of ['dataset_tags', 'dataset_splits', 'dataset_versions'] as const) {
      await db.deleteFrom(table).where('workspace', '=', workspace).where('dataset', '=', name).execute();
    }
    await db
      .updateTable('datasets')
      .set({ deleted_at: now, description: '', row_key: null })
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .execute();
  },

  /** Its row stays locked until the end of the transaction. */
  async touchDataset(workspace: string, name: string, now: number): Promise<void> {
    await db
      .updateTable('datasets')
      .set({ updated_at: now })
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .execute();
  },

  /** The number is never given again: the dataset goes on counting. */
  async deleteVersion(workspace: string, dataset: string, number: number): Promise<void> {
    for (const table of ['dataset_splits', 'dataset_versions'] as const) {
      await db
        .deleteFrom(table)
        .where('workspace', '=', workspace)
        .where('dataset', '=', dataset)
        .where('number', '=', number)
        .execute();
    }
  },
});
