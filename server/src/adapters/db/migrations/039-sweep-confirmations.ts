import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '039-sweep-confirmations',
  async up(db) {
    await db.schema
      .createTable('sweep_confirmations')
      .addColumn('sweep_id', 'text', (column) => column.primaryKey())
      .addColumn('definition', 'text', required)
      .addColumn('status', 'text', required)
      .addColumn('choice', 'text')
      .addColumn('error', 'text')
      .addColumn('task_id', 'text', required)
      .addColumn('actor', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('ended_at', epoch)
      .execute();
    await db.schema
      .createTable('sweep_repeats')
      .addColumn('sweep_id', 'text', required)
      .addColumn('number', 'integer', required)
      .addColumn('seed', epoch, required)
      .addColumn('window_index', 'integer', required)
      .addColumn('state', 'text', required)
      .addColumn('value', 'double precision')
      .addColumn('error', 'text')
      .addColumn('run_id', 'text')
      .addColumn('job_id', 'text')
      .addPrimaryKeyConstraint('sweep_repeats_key', ['sweep_id', 'number', 'seed', 'window_index'])
      .execute();
    await db.schema.createIndex('sweep_repeats_job').on('sweep_repeats').column('job_id').execute();
  },
};
