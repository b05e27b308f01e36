import { epoch, required } from '../columns.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

export const migration: Migration = {
  name: '013-validation',
  async up(db) {
    await db.schema
      .alterTable('dataset_versions')
      .addColumn('validation', 'text', (column) => column.notNull().defaultTo('none'))
      .execute();
    await createExpectations(db);
    await createResults(db);
  },
};

async function createExpectations(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('dataset_expectations')
    .addColumn('workspace', 'text', required)
    .addColumn('dataset', 'text', required)
    .addColumn('revision', 'integer', required)
    .addColumn('expectations', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addPrimaryKeyConstraint('dataset_expectations_key', ['workspace', 'dataset', 'revision'])
    .execute();
}

async function createResults(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('dataset_validations')
    .addColumn('workspace', 'text', required)
    .addColumn('id', 'text', required)
    .addColumn('dataset', 'text', required)
    .addColumn('number', 'integer')
    .addColumn('cause', 'text', required)
    .addColumn('status', 'text', required)
    .addColumn('revision', 'integer', required)
    .addColumn('row_count', 'bigint', required)
    .addColumn('counts', 'text', required)
    .addColumn('outcomes', 'text', required)
    .addColumn('duration_ms', 'integer', required)
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addPrimaryKeyConstraint('dataset_validations_key', ['workspace', 'id'])
    .execute();
  await db.schema
    .createIndex('dataset_validations_dataset')
    .on('dataset_validations')
    .columns(['workspace', 'dataset', 'id'])
    .execute();
}
