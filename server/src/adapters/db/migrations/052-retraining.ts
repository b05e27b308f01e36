import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '052-retraining',
  async up(db) {
    await db.schema
      .createTable('retraining_policies')
      .addColumn('workspace', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('definition', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('created_by', 'text', required)
      .addPrimaryKeyConstraint('retraining_policies_name', ['workspace', 'name'])
      .execute();

    await db.schema
      .createTable('loop_runs')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('policy', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('cause', 'text', required)
      .addColumn('alert', 'text')
      .addColumn('state', 'text', required)
      .addColumn('verdict', 'text')
      .addColumn('candidate', 'text')
      .addColumn('rollout', 'text')
      .addColumn('steps', 'text', required)
      .addColumn('made', 'text', required)
      .addColumn('definition', 'text', required)
      .addColumn('event_time', epoch)
      .addColumn('created_at', epoch, required)
      .addColumn('finished_at', epoch)
      .addColumn('active_endpoint', 'text')
      .addUniqueConstraint('loop_runs_one_active', ['workspace', 'active_endpoint'])
      .execute();
    await db.schema
      .createIndex('loop_runs_by_endpoint')
      .on('loop_runs')
      .columns(['workspace', 'endpoint', 'id'])
      .execute();
  },
};
