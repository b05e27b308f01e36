import { expect, test } from 'vitest';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import type { MigrationDb } from '../migrate.ts';
import { SameColumnTypes } from '../same-column-types.ts';
import { migration as registry } from './030-registry.ts';
import { migration as registeredModels } from './033-registered-models.ts';

const tables = [
  ...['registered_models', 'model_versions', 'model_aliases', 'model_alias_bindings'],
  ...['registered_model_tags', 'model_version_tags', 'retired_model_names', 'promotions'],
];

describeEachDatabase('033: registered models', (open) => {
  test('versions of before are there after, with where they came from, and may have twins', async () => {
    const { db, kind } = await open();
    const before = db.withPlugin(new SameColumnTypes(kind)) as unknown as MigrationDb;
    for (const table of tables) await before.schema.dropTable(table).execute();
    await registry.up(before, kind);
    const any = before.withTables<Record<string, Record<string, unknown>>>();
    const model = { workspace: 'w', name: 'm', description: 'd', last_version: 2, created_at: 5 };
    await any.insertInto('registered_models').values(model).execute();
    const version = {
      ...{ workspace: 'w', model: 'm', number: 1, digest: 'abc', files: '[]', inputs: '[]', flavors: '[]' },
      ...{ training_range: '{}', run_id: 'r1', artifact_path: 'model', training_set: null, recipe: null },
      ...{
        metrics: '{}',
        approval: 'approved',
        description: 'first',
        created_at: 7,
        created_by: 'user:anna',
      },
    };
    await any.insertInto('model_versions').values(version).execute();
    await registeredModels.up(before, kind);

    const found = await db.selectFrom('model_versions').selectAll().execute();
    expect(found.map((row) => ({ ...row }))).toEqual([
      {
        ...version,
        ...{ source: 'runs:/r1/model', location: null, run_link: null, model_id: null },
        ...{ stage: 'None', updated_at: 7 },
      },
    ]);
    const models = await db.selectFrom('registered_models').selectAll().execute();
    expect(models.map((row) => ({ ...row }))).toEqual([{ ...model, updated_at: 5 }]);
    await db
      .insertInto('model_versions')
      .values({ ...version, number: 2, stage: 'None', updated_at: 8 })
      .execute();
    const twice = db
      .insertInto('model_versions')
      .values({ ...version, number: 2, stage: 'None', updated_at: 8 });
    await expect(twice.execute()).rejects.toThrow();
  });
});
