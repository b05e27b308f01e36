import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '021-jobs',
  async up(db) {
    await db.schema
      .createTable('jobs')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('experiment', 'text', required)
      .addColumn('run_id', 'text', required)
      .addColumn('spec', 'text', required)
      .addColumn('model_version', 'text')
      .addColumn('actor', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('ended_at', epoch)
      .addUniqueConstraint('jobs_run', ['workspace', 'run_id'])
      .execute();
  },
};
