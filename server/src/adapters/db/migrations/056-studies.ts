import type { Migration } from '../migrate.ts';

/** Backtests, importance, attributions, stability: each a task, whose report is kept. */
export const migration: Migration = {
  name: '056-studies',
  async up(db) {
    await db.schema
      .createTable('studies')
      .addColumn('workspace', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('task', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('dataset', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('request', 'text', (column) => column.notNull())
      .addColumn('report', 'text')
      .addColumn('error', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('finished_at', 'bigint')
      .execute();
    await db.schema
      .createIndex('studies_model')
      .on('studies')
      .columns(['workspace', 'model', 'version', 'id'])
      .execute();
  },
};
