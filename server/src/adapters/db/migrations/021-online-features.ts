import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

/** What was written to the online store, and which pushes were appended. */
export const migration: Migration = {
  name: '021-online-features',
  async up(db) {
    await db.schema
      .createTable('feature_materializations')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('workspace', 'text', required)
      .addColumn('view', 'text', required)
      .addColumn('number', 'integer', required)
      .addColumn('mode', 'text', required)
      .addColumn('trigger_kind', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('result', 'text', required)
      .addColumn('error', 'text')
      .addColumn('created_at', epoch, required)
      .addColumn('started_at', epoch)
      .addColumn('finished_at', epoch)
      .addColumn('created_by', 'text', required)
      .execute();
    await db.schema
      .createIndex('feature_materializations_view')
      .on('feature_materializations')
      .columns(['workspace', 'view', 'id'])
      .execute();
    await db.schema
      .createTable('feature_pushes')
      .addColumn('workspace', 'text', required)
      .addColumn('view', 'text', required)
      .addColumn('push_key', 'text', required)
      .addColumn('dataset_version', 'text', required)
      .addColumn('created_at', epoch, required)
      .addPrimaryKeyConstraint('feature_pushes_key', ['workspace', 'view', 'push_key'])
      .execute();
  },
};
