import type { Migration } from '../migrate.ts';

/** Which dataset version of ours an input was, at the moment it was logged. */
export const migration: Migration = {
  name: '025-run-input-references',
  async up(db) {
    await db.schema.alterTable('run_inputs').addColumn('reference', 'text').execute();
  },
};
