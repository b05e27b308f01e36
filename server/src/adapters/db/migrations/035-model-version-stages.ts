import type { Migration } from '../migrate.ts';

/** The newest version of each stage without a look at the rows, which hold long lists of files. */
export const migration: Migration = {
  name: '035-model-version-stages',
  async up(db) {
    await db.schema
      .createIndex('model_versions_stage')
      .on('model_versions')
      .columns(['workspace', 'model', 'stage', 'number'])
      .execute();
  },
};
