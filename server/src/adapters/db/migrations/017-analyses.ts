import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '017-analyses',
  async up(db) {
    await db.schema
      .createTable('analyses')
      .addColumn('workspace', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('description', 'text', required)
      .addColumn('sql', 'text', required)
      .addColumn('bindings', 'text', required)
      .addColumn('versions', 'text', required)
      .addColumn('chart', 'text')
      .addColumn('row_limit', 'integer', required)
      .addColumn('columns', 'text', required)
      .addColumn('row_count', 'integer', required)
      .addColumn('result_digest', 'text', required)
      .addColumn('rows_digest', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('updated_at', epoch, required)
      .addColumn('updated_by', 'text', required)
      .addPrimaryKeyConstraint('analyses_key', ['workspace', 'name'])
      .execute();
  },
};
