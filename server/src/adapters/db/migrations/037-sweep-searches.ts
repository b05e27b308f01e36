import type { ColumnDefinitionBuilder } from 'kysely';
import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '037-sweep-searches',
  async up(db) {
    const zero = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(0);
    await db.schema
      .alterTable('sweeps')
      .addColumn('kind', 'text', (column) => column.notNull().defaultTo('learners'))
      .execute();
    for (const name of ['status', 'error', 'task_id'] as const)
      await db.schema.alterTable('sweeps').addColumn(name, 'text').execute();
    await db.schema.alterTable('sweeps').addColumn('revision', 'integer', zero).execute();
    for (const name of ['goal_values', 'job_id', 'source', 'lease'] as const)
      await db.schema.alterTable('sweep_trials').addColumn(name, 'text').execute();
    for (const name of ['cost', 'last_value'] as const)
      await db.schema.alterTable('sweep_trials').addColumn(name, 'double precision').execute();
    for (const name of ['lease_until', 'last_step'] as const)
      await db.schema.alterTable('sweep_trials').addColumn(name, epoch).execute();
    await db.schema.alterTable('sweep_trials').addColumn('generation', 'integer').execute();
    for (const name of ['revision', 'lost'] as const)
      await db.schema.alterTable('sweep_trials').addColumn(name, 'integer', zero).execute();
    await db.schema
      .createIndex('sweep_trials_revision')
      .on('sweep_trials')
      .columns(['sweep_id', 'revision'])
      .execute();
    await db.schema.createIndex('sweep_trials_job').on('sweep_trials').column('job_id').execute();

    await db.schema
      .createTable('sweep_reports')
      .addColumn('sweep_id', 'text', required)
      .addColumn('number', 'integer', required)
      .addColumn('step', epoch, required)
      .addColumn('value', 'double precision')
      .addColumn('revision', 'integer', required)
      .addPrimaryKeyConstraint('sweep_reports_key', ['sweep_id', 'number', 'step'])
      .execute();
    await db.schema
      .createIndex('sweep_reports_revision')
      .on('sweep_reports')
      .columns(['sweep_id', 'revision'])
      .execute();
  },
};
