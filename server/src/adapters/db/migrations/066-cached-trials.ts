import type { Migration } from '../migrate.ts';

/** The job whose finished run a trial was taken from. */
export const migration: Migration = {
  name: '066-cached-trials',
  async up(db) {
    await db.schema.alterTable('sweep_trials').addColumn('cached_from', 'text').execute();
  },
};
