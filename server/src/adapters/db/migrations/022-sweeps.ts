import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '022-sweeps',
  async up(db) {
    await db.schema
      .createTable('sweeps')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('experiment_id', 'text', required)
      .addColumn('run_id', 'text', required)
      .addColumn('definition', 'text', required)
      .addColumn('training_digest', 'text', required)
      .addColumn('best_trial', 'integer')
      .addColumn('model_version', 'text')
      .addColumn('actor', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('ended_at', epoch)
      .addUniqueConstraint('sweeps_run', ['workspace', 'run_id'])
      .execute();

    await db.schema
      .createTable('sweep_trials')
      .addColumn('sweep_id', 'text', required)
      .addColumn('number', 'integer', required)
      .addColumn('run_id', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('learner', 'text', required)
      .addColumn('parameters', 'text', required)
      .addColumn('value', 'double precision')
      .addColumn('error', 'text')
      .addColumn('created_at', epoch, required)
      .addColumn('ended_at', epoch)
      .addPrimaryKeyConstraint('sweep_trials_key', ['sweep_id', 'number'])
      .execute();
  },
};
