import type { Migration } from '../migrate.ts';

/** The tokens of a job are replaced and ended by what they are for. */
export const migration: Migration = {
  name: '042-token-resources',
  async up(db) {
    await db.schema
      .createIndex('tokens_by_resource')
      .on('tokens')
      .columns(['workspace', 'resource'])
      .execute();
  },
};
