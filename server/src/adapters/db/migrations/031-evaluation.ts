import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '031-evaluation',
  async up(db) {
    await db.schema
      .createTable('evaluations')
      .addColumn('workspace', 'text', required)
      .addColumn('id', 'text', required)
      .addColumn('model', 'text', required)
      .addColumn('version', 'integer', required)
      .addColumn('body', 'text', required)
      .addColumn('series', 'text', required)
      .addColumn('created_at', epoch, required)
      .addPrimaryKeyConstraint('evaluations_key', ['workspace', 'id'])
      .execute();

    await db.schema
      .createIndex('evaluations_model')
      .on('evaluations')
      .columns(['workspace', 'model', 'version', 'id'])
      .execute();
  },
};
