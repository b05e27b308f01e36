import { epoch, required } from '../columns.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

export const migration: Migration = {
  name: '010-datasets',
  async up(db) {
    await createDatasets(db);
    await createContent(db);
  },
};

async function createDatasets(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('datasets')
    .addColumn('workspace', 'text', required)
    .addColumn('name', 'text', required)
    .addColumn('description', 'text', required)
    .addColumn('last_version', 'integer', required)
    .addColumn('created_at', epoch, required)
    .addColumn('updated_at', epoch, required)
    .addColumn('deleted_at', epoch)
    .addPrimaryKeyConstraint('datasets_key', ['workspace', 'name'])
    .execute();

  await db.schema
    .createTable('dataset_versions')
    .addColumn('workspace', 'text', required)
    .addColumn('dataset', 'text', required)
    .addColumn('number', 'integer', required)
    .addColumn('digest', 'text', required)
    .addColumn('row_count', 'bigint', required)
    .addColumn('bytes', 'bigint', required)
    .addColumn('chunk_count', 'integer', required)
    .addColumn('columns', 'text', required)
    .addColumn('parent', 'integer')
    .addColumn('message', 'text', required)
    .addColumn('provenance', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addPrimaryKeyConstraint('dataset_versions_key', ['workspace', 'dataset', 'number'])
    .execute();

  await db.schema
    .createTable('dataset_tags')
    .addColumn('workspace', 'text', required)
    .addColumn('dataset', 'text', required)
    .addColumn('tag', 'text', required)
    .addColumn('number', 'integer', required)
    .addPrimaryKeyConstraint('dataset_tags_key', ['workspace', 'dataset', 'tag'])
    .execute();
}

async function createContent(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('dataset_chunks')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('blob', 'text', required)
    .addColumn('row_count', 'integer', required)
    .addColumn('bytes', 'bigint', required)
    .execute();

  await db.schema
    .createTable('dataset_profiles')
    .addColumn('digest', 'text', required)
    .addColumn('revision', 'integer', required)
    .addColumn('profile', 'text', required)
    .addPrimaryKeyConstraint('dataset_profiles_key', ['digest', 'revision'])
    .execute();
}
