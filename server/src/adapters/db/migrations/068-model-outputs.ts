import type { Migration } from '../migrate.ts';

/** What a model's signature says it gives. */
export const migration: Migration = {
  name: '068-model-outputs',
  async up(db) {
    await db.schema
      .alterTable('model_versions')
      .addColumn('outputs', 'text', (column) => column.notNull().defaultTo('[]'))
      .execute();
  },
};
