import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import type { MigrationDb } from '../migrate.ts';
import { SameColumnTypes } from '../same-column-types.ts';
import { migration } from './024-made-by.ts';

describeEachDatabase('024: how a version came to be', (open) => {
  test('is told of versions of before, and has an index', async () => {
    const { db, kind } = await open();
    const before = db.withPlugin(new SameColumnTypes(kind)) as unknown as MigrationDb;
    await before.schema.dropIndex('dataset_versions_by_making').execute();
    await before.schema.alterTable('dataset_versions').dropColumn('made_by').execute();
    const old = before.withTables<Record<string, Record<string, unknown>>>();
    const provenances = [
      { kind: 'training-set', inputs: [], detail: { definition: { sql: `'"kind":"upload"'` } } },
      { kind: 'upload', inputs: [], detail: {} },
    ];
    for (const [i, provenance] of provenances.entries())
      await old
        .insertInto('dataset_versions')
        .values({
          ...{ workspace: 'w', dataset: 'prices', number: i + 1, digest: `d${i}`, row_count: 0, bytes: 0 },
          ...{
            chunk_count: 0,
            columns: '[]',
            parent: null,
            message: '',
            created_at: 1,
            created_by: 'user:anna',
          },
          provenance: JSON.stringify(provenance),
        })
        .execute();
    await migration.up(before, kind);

    const found = db.selectFrom('dataset_versions').select(['number', 'made_by']).orderBy('number');
    expect(await found.execute()).toEqual([
      { number: 1, made_by: 'training-set' },
      { number: 2, made_by: 'upload' },
    ]);
    const indexes =
      kind === 'postgres'
        ? sql`select indexdef as text from pg_indexes where indexname = 'dataset_versions_by_making'`
        : sql`select sql as text from sqlite_schema where name = 'dataset_versions_by_making'`;
    expect(JSON.stringify((await indexes.execute(db)).rows)).toContain('made_by');
  });
});
