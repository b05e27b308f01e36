import type { Migration } from '../migrate.ts';

/** How many requests a token may make. */
export const migration: Migration = {
  name: '043-token-limits',
  async up(db) {
    await db.schema.alterTable('tokens').addColumn('rate_per_second', 'double precision').execute();
    await db.schema.alterTable('tokens').addColumn('rate_burst', 'integer').execute();
  },
};
