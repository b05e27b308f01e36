import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** How a version came to be has a column, so that datasets made in one way are found without reading all. */
export const migration: Migration = {
  name: '024-made-by',
  async up(db, kind) {
    await db.schema
      .alterTable('dataset_versions')
      .addColumn('made_by', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
    const found =
      kind === 'postgres'
        ? sql`cast(provenance as json) ->> 'kind'`
        : sql`json_extract(provenance, '$.kind')`;
    await sql`update dataset_versions set made_by = coalesce(${found}, '')`.execute(db);
    await db.schema
      .createIndex('dataset_versions_by_making')
      .on('dataset_versions')
      .columns(['workspace', 'made_by', 'dataset', 'number'])
      .execute();
  },
};
