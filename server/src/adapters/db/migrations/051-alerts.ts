import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '051-alerts',
  async up(db) {
    await db.schema
      .createTable('alerts')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('monitor', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('model', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('title', 'text', required)
      .addColumn('causes', 'text', required)
      .addColumn('event_time', epoch, required)
      .addColumn('opened_at', epoch, required)
      .addColumn('resolved_at', epoch)
      .addColumn('note', 'text')
      .addColumn('loop_run', 'text')
      .addColumn('clean_checks', 'integer', required)
      .addColumn('breach_key', 'text')
      .addUniqueConstraint('alerts_one_per_breach', ['workspace', 'breach_key'])
      .execute();
    await db.schema
      .createIndex('alerts_by_endpoint')
      .on('alerts')
      .columns(['workspace', 'endpoint', 'state'])
      .execute();
  },
};
