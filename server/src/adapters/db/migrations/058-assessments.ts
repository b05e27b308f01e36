import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '058-assessments',
  async up(db) {
    await db.schema
      .createTable('model_assessments')
      .addColumn('workspace', 'text', required)
      .addColumn('id', 'text', (column) => required(column).primaryKey())
      .addColumn('model', 'text', required)
      .addColumn('version', 'integer', required)
      .addColumn('kind', 'text', required)
      .addColumn('body', 'text', required)
      .addColumn('created_at', epoch, required)
      .execute();
    await db.schema
      .createIndex('model_assessments_version')
      .on('model_assessments')
      .columns(['workspace', 'model', 'version', 'kind', 'id'])
      .execute();
  },
};
