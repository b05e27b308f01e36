import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

/** The last measurement of each version of a view, and the newest event pushed to it. */
export const migration: Migration = {
  name: '022-feature-health',
  async up(db) {
    await db.schema
      .createTable('feature_health')
      .addColumn('workspace', 'text', required)
      .addColumn('view', 'text', required)
      .addColumn('number', 'integer', required)
      .addColumn('measured_at', epoch, required)
      .addColumn('health', 'text', required)
      .addPrimaryKeyConstraint('feature_health_key', ['workspace', 'view', 'number'])
      .execute();
    await db.schema
      .createTable('feature_push_marks')
      .addColumn('workspace', 'text', required)
      .addColumn('view', 'text', required)
      .addColumn('number', 'integer', required)
      .addColumn('event_time', epoch, required)
      .addPrimaryKeyConstraint('feature_push_marks_key', ['workspace', 'view', 'number'])
      .execute();
  },
};
