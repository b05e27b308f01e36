import type { Migration } from '../migrate.ts';

/** How many requests a token may make in a day, how many it made, and who is refused first when all is busy. */
export const migration: Migration = {
  name: '070-token-quotas',
  async up(db) {
    await db.schema.alterTable('tokens').addColumn('rate_per_day', 'bigint').execute();
    await db.schema
      .alterTable('tokens')
      .addColumn('priority', 'text', (column) => column.notNull().defaultTo('normal'))
      .execute();
    await db.schema
      .createTable('token_days')
      .addColumn('token_id', 'text', (column) => column.notNull())
      .addColumn('day', 'integer', (column) => column.notNull())
      .addColumn('requests', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('token_days_pk', ['token_id', 'day'])
      .execute();
  },
};
