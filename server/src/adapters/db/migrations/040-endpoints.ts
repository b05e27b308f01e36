import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '040-endpoints',
  async up(db) {
    await db.schema
      .createTable('endpoints')
      .addColumn('workspace', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('live_revision', 'integer', required)
      .addColumn('fallback_forced', 'integer', required)
      .addColumn('fallback_reason', 'text')
      .addColumn('created_at', epoch, required)
      .addColumn('deleted_at', epoch)
      .addPrimaryKeyConstraint('endpoints_name', ['workspace', 'name'])
      .execute();

    await db.schema
      .createTable('endpoint_revisions')
      .addColumn('workspace', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('revision', 'integer', required)
      .addColumn('definition', 'text', required)
      .addColumn('reason', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('created_by', 'text', required)
      .addPrimaryKeyConstraint('endpoint_revisions_number', ['workspace', 'endpoint', 'revision'])
      .execute();
  },
};
