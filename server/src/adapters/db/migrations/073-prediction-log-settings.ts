import type { Migration } from '../migrate.ts';

/** How long the log of an endpoint is kept, and what of it is never written. */
export const migration: Migration = {
  name: '073-prediction-log-settings',
  async up(db) {
    await db.schema
      .createTable('prediction_log_settings')
      .addColumn('workspace', 'text', (column) => column.notNull())
      .addColumn('endpoint', 'text', (column) => column.notNull())
      .addColumn('retention_days', 'integer')
      .addColumn('redactions', 'text', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_by', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('prediction_log_settings_key', ['workspace', 'endpoint'])
      .execute();
  },
};
