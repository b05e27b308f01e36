import type { Migration } from '../migrate.ts';

/** Which step of its fallbacks an endpoint was switched to. */
export const migration: Migration = {
  name: '071-fallback-steps',
  async up(db) {
    await db.schema
      .alterTable('endpoints')
      .addColumn('fallback_step', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
  },
};
