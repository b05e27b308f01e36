import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Evaluations of tables beside those of models: found by source, task and dataset; slices and curves apart from the figures. */
export const migration: Migration = {
  name: '044-evaluation-sources',
  async up(db, kind) {
    for (const [column, value] of [
      ['source', 'model'],
      ['task', 'regression'],
      ['dataset', ''],
    ] as const)
      await db.schema
        .alterTable('evaluations')
        .addColumn(column, 'text', (text) => text.notNull().defaultTo(value))
        .execute();
    await db.schema.alterTable('evaluations').addColumn('findings', 'text').execute();
    const found =
      kind === 'postgres' ? sql`cast(body as json) ->> 'dataset'` : sql`json_extract(body, '$.dataset')`;
    await sql`update evaluations set dataset = coalesce(${found}, '')`.execute(db);
    await db.schema
      .createIndex('evaluations_dataset')
      .on('evaluations')
      .columns(['workspace', 'dataset', 'id'])
      .execute();
  },
};
