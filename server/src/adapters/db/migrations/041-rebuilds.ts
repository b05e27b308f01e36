import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '041-rebuilds',
  async up(db) {
    await db.schema
      .createTable('rebuilds')
      .addColumn('job_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('of_run', 'text', required)
      .addColumn('notes', 'text', required)
      .addColumn('result', 'text')
      .addColumn('created_at', epoch, required)
      .execute();
    await db.schema.createIndex('rebuilds_run').on('rebuilds').columns(['workspace', 'of_run']).execute();
  },
};
