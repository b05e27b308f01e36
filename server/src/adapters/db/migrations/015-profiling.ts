import type { Migration } from '../migrate.ts';

/** Profiles are computed from rows that are there: those of the older form go, and their readers compute anew. */
export const migration: Migration = {
  name: '015-profiling',
  async up(db) {
    await db.schema.dropTable('dataset_profiles').execute();
    await db.schema
      .createTable('dataset_profiles')
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('time_column', 'text', (column) => column.notNull())
      .addColumn('profile', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('dataset_profiles_key', ['digest', 'revision', 'time_column'])
      .execute();
  },
};
