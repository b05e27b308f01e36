import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '028-artifact-folders',
  async up(db) {
    // Its experiment's: a run that is gone is not asked any more where its files are.
    await db.schema.alterTable('artifact_owner_removals').addColumn('location', 'text').execute();
  },
};
