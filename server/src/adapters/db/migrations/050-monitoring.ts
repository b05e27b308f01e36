import { autoId, epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '050-monitoring',
  async up(db, kind) {
    await db.schema
      .createTable('monitors')
      .addColumn('workspace', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('definition', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('created_by', 'text', required)
      .addPrimaryKeyConstraint('monitors_name', ['workspace', 'name'])
      .execute();
    await db.schema
      .createIndex('monitors_by_endpoint')
      .on('monitors')
      .columns(['workspace', 'endpoint'])
      .execute();

    await db.schema
      .createTable('monitor_results')
      .addColumn('id', ...autoId(kind))
      .addColumn('workspace', 'text', required)
      .addColumn('monitor', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('model', 'text', required)
      .addColumn('event_time', epoch, required)
      .addColumn('column_name', 'text', required)
      .addColumn('statistic', 'text', required)
      .addColumn('value', 'double precision', required)
      .addColumn('threshold', 'double precision', required)
      .addColumn('breached', 'integer', required)
      .addColumn('row_count', 'integer', required)
      .addColumn('checked_at', epoch, required)
      .addUniqueConstraint('monitor_results_once', [
        'workspace',
        'monitor',
        'model',
        'event_time',
        'column_name',
        'statistic',
      ])
      .execute();
    await db.schema
      .createIndex('monitor_results_by_monitor')
      .on('monitor_results')
      .columns(['workspace', 'monitor', 'event_time', 'id'])
      .execute();
    await db.schema
      .createIndex('monitor_results_by_endpoint')
      .on('monitor_results')
      .columns(['workspace', 'endpoint', 'event_time', 'id'])
      .execute();
  },
};
