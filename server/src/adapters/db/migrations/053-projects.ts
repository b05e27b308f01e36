import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '053-projects',
  async up(db) {
    await db.schema
      .createTable('projects')
      .addColumn('workspace', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('definition', 'text', required)
      .addColumn('applied_at', epoch, required)
      .addColumn('applied_by', 'text', required)
      .addPrimaryKeyConstraint('projects_name', ['workspace', 'name'])
      .execute();
  },
};
