import { expect, test } from 'vitest';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import type { MigrationDb } from '../migrate.ts';
import { SameColumnTypes } from '../same-column-types.ts';
import { migration as features } from './011-features.ts';
import { migration as featureCatalogue } from './018-feature-catalogue.ts';

const tables = ['feature_definitions', 'feature_definition_versions', 'feature_catalogue'];

describeEachDatabase('018: the feature catalogue', (open) => {
  test('views of before are there after, with days as milliseconds, and are found by search', async () => {
    const { db, kind } = await open();
    const before = db.withPlugin(new SameColumnTypes(kind)) as unknown as MigrationDb;
    for (const table of tables) await before.schema.dropTable(table).execute();
    await features.up(before, kind);
    const any = before.withTables<Record<string, Record<string, unknown>>>();
    await any
      .insertInto('feature_views')
      .values({ workspace: 'w', name: 'stats', last_version: 3, updated_at: 9 })
      .execute();
    const version = {
      ...{
        workspace: 'w',
        view: 'stats',
        number: 1,
        description: 'Daily',
        sql: 'select',
        entity: '["symbol"]',
      },
      ...{ event_time: 'day', created_time: null, ttl_days: null, datasets: '["prices"]' },
      ...{ features: '[{"name":"Close","type":"double"}]', created_at: 7, created_by: 'user:anna' },
    };
    await any.insertInto('feature_view_versions').values(version).execute();
    await any
      .insertInto('feature_view_versions')
      .values({ ...version, number: 2, ttl_days: 0.5, created_time: 'seen' })
      .execute();
    await featureCatalogue.up(before, kind);

    expect(
      await db.selectFrom('feature_definitions').select(['kind', 'name', 'last_version']).execute(),
    ).toEqual([{ kind: 'view', name: 'stats', last_version: 3 }]);
    const versions = await db
      .selectFrom('feature_definition_versions')
      .selectAll()
      .orderBy('number')
      .execute();
    expect(versions.map(({ meaning }) => JSON.parse(meaning))).toMatchObject([
      { entity: ['symbol'], eventTime: 'day', createdTime: null, ttlMs: null, datasets: ['prices'] },
      { createdTime: 'seen', ttlMs: 43_200_000, features: [{ name: 'Close', type: 'double' }] },
    ]);
    expect(versions[0]).toMatchObject({ number: 1, created_at: 7, created_by: 'user:anna' });
    expect(JSON.parse(versions[0]?.about ?? '')).toMatchObject({ description: 'Daily', freshness: null });
    const found = await db.selectFrom('feature_catalogue').selectAll().orderBy('kind').execute();
    expect(found.map(({ kind: of, feature, title }) => [of, feature, title])).toEqual([
      ['feature', 'Close', 'close'],
      ['view', '', 'stats'],
    ]);
    expect(found[1]?.words).toBe('stats\ndaily\nsymbol\nprices\nclose');
  });
});
