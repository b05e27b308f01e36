import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '011-features',
  async up(db) {
    await db.schema
      .createTable('feature_views')
      .addColumn('workspace', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('last_version', 'integer', required)
      .addColumn('updated_at', epoch, required)
      .addPrimaryKeyConstraint('feature_views_key', ['workspace', 'name'])
      .execute();

    await db.schema
      .createTable('feature_view_versions')
      .addColumn('workspace', 'text', required)
      .addColumn('view', 'text', required)
      .addColumn('number', 'integer', required)
      .addColumn('description', 'text', required)
      .addColumn('sql', 'text', required)
      .addColumn('entity', 'text', required)
      .addColumn('event_time', 'text', required)
      .addColumn('created_time', 'text')
      .addColumn('ttl_days', 'double precision')
      .addColumn('features', 'text', required)
      .addColumn('datasets', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('created_by', 'text', required)
      .addPrimaryKeyConstraint('feature_view_versions_key', ['workspace', 'view', 'number'])
      .execute();
  },
};
