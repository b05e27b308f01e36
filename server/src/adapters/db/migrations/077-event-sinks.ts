import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '077-event-sinks',
  async up(db) {
    await db.schema
      .createTable('event_sinks')
      .addColumn('workspace', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('url', 'text', required)
      .addColumn('mode', 'text', required)
      .addColumn('content', 'text', required)
      .addColumn('has_secret', 'integer', required)
      .addColumn('created_at', epoch, required)
      .addColumn('updated_at', epoch, required)
      .addColumn('updated_by', 'text', required)
      .addPrimaryKeyConstraint('event_sinks_key', ['workspace', 'endpoint'])
      .execute();
  },
};
