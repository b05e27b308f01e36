import { epoch, required } from '../columns.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

/** What one does with versions: rows paired by a remembered key, splits kept beside the version, chunks collected and mended. */
export const migration: Migration = {
  name: '016-dataset-verbs',
  async up(db) {
    await db.schema.alterTable('datasets').addColumn('row_key', 'text').execute();
    await createKeys(db);
    await createSplits(db);
    await db.schema
      .alterTable('dataset_chunks')
      .addColumn('used_at', epoch, (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable('dataset_chunks').addColumn('damaged_at', epoch).execute();
  },
};

async function createKeys(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('dataset_unique_keys')
    .addColumn('digest', 'text', required)
    .addColumn('columns', 'text', required)
    .addPrimaryKeyConstraint('dataset_unique_keys_key', ['digest', 'columns'])
    .execute();
}

async function createSplits(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('dataset_splits')
    .addColumn('workspace', 'text', required)
    .addColumn('dataset', 'text', required)
    .addColumn('number', 'integer', required)
    .addColumn('name', 'text', required)
    .addColumn('rule', 'text', required)
    .addColumn('parts', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addPrimaryKeyConstraint('dataset_splits_key', ['workspace', 'dataset', 'number', 'name'])
    .execute();
}
