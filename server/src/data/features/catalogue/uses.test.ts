import type { FeatureViewDefinition } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';

const prices = Buffer.from('date,symbol,close,volume\n2023-08-30,AAPL,180,5\n2023-08-31,AAPL,181,6\n');
const stats: FeatureViewDefinition & { name: string } = {
  name: 'stats',
  description: 'Daily figures of 100 % of shares',
  owner: 'Anna Müller',
  tags: { team: 'markets' },
  sql: 'select symbol, date, close, volume from prices',
  entities: ['symbol'],
  eventTime: 'date',
};

let wing: DataWing;
let workspaces = 0;

describeEachDatabase('what the catalogue knows', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  /** Two services of one view, a training set of it, a model of that and an endpoint of both. */
  async function begin() {
    const caller = callerIn(`u${(workspaces++).toString()}`);
    const { workspace } = caller;
    await wing.datasets.commit({ name: 'prices', format: 'csv', content: prices }, caller);
    const joinKeys = [{ name: 'symbol', type: 'text' as const }];
    await wing.features.entities.put({ name: 'symbol', joinKeys }, caller);
    await wing.features.put(stats, caller);
    await wing.features.services.put({ name: 'closes', features: ['stats:close as last_close'] }, caller);
    await wing.features.services.put({ name: 'volumes', features: ['stats:volume'] }, caller);
    const hold = (userUri: string, usedUri: string) =>
      wing.changes.run(caller, (tx) =>
        wing.lineage.hold(tx, { workspace, userUri, usedUri, reason: 'test' }),
      );
    return { caller, workspace, hold };
  }
  const sets = async (begun: Awaited<ReturnType<typeof begin>>) => {
    const set = {
      name: 'train',
      entities: 'select symbol, date as event_time from prices',
      views: ['stats'],
    };
    await wing.features.createTrainingSet(set, begun.caller);
    await begun.hold('dataset:volume-train@1', 'service:volumes@1');
    await begun.hold('dataset:volume-train@1', 'view:stats@1');
    await begun.hold('model:forecaster@1', 'dataset:train@1');
    await begun.hold('endpoint:forecast', 'model:forecaster@1');
  };

  describe('who uses it', () => {
    it('follows services, training sets, models and endpoints', async () => {
      const begun = await begin();
      await sets(begun);
      const users = {
        services: ['service:closes@1', 'service:volumes@1'],
        trainingSets: ['dataset:train@1', 'dataset:volume-train@1'],
        models: ['model:forecaster@1'],
        endpoints: ['endpoint:forecast'],
        truncated: false,
      };
      const { usesOf } = wing.features;
      expect(await usesOf(begun.workspace, 'view:stats@1')).toEqual({
        uri: 'view:stats@1',
        views: [],
        ...users,
      });
      expect(await usesOf(begun.workspace, 'entity:symbol@1')).toMatchObject({
        ...users,
        views: ['view:stats@1'],
      });
      expect(await usesOf(begun.workspace, 'service:volumes@1')).toMatchObject({
        services: [],
        trainingSets: ['dataset:volume-train@1'],
        models: [],
      });
      await expect(wing.features.delete({ name: 'stats' }, begun.caller)).rejects.toThrow(/uses it/);
    });

    it('follows a run that read a training set to the models registered from it', async () => {
      const begun = await begin();
      await sets(begun);
      const { caller, workspace } = begun;
      await wing.changes.run(caller, async (tx) => {
        for (const uri of ['model:learnt@1', 'model:learnt@2'])
          await wing.lineage.recordNode(tx, { workspace, uri, kind: 'model', digest: null, location: null });
        await wing.lineage.recordEdges(tx, workspace, [
          { from: 'dataset:volume-train@1', to: 'run:1', relation: 'input' },
          { from: 'run:1', to: 'model:learnt@1', relation: 'registered' },
          { from: 'run:1', to: 'model:learnt@2', relation: 'registered' },
          { from: 'dataset:volume-train@1', to: 'run:2', relation: 'input' },
          { from: 'run:2', to: 'logged-model:m-1', relation: 'output' },
          { from: 'run:3', to: 'model:other@1', relation: 'registered' },
        ]);
        await wing.lineage.deleteNodes(tx, workspace, ['model:learnt@2']);
      });
      await begun.hold('endpoint:volumes', 'model:learnt@1');
      expect(await wing.features.usesOf(workspace, 'service:volumes@1')).toEqual({
        uri: 'service:volumes@1',
        views: [],
        services: [],
        trainingSets: ['dataset:volume-train@1'],
        models: ['model:learnt@1'],
        endpoints: ['endpoint:volumes'],
        truncated: false,
      });
      const { name, ...definition } = stats;
      const sql = 'select symbol, date, close from prices';
      const { features } = await wing.features.impact({ name, ...definition, sql }, caller);
      expect(features).toMatchObject([
        { name: 'volume', change: 'removed', uses: { models: ['model:forecaster@1', 'model:learnt@1'] } },
      ]);
    });
  });

  describe('what breaks if it changes', () => {
    const { name, ...definition } = stats;
    const impact = (begun: Awaited<ReturnType<typeof begin>>, change: Partial<FeatureViewDefinition>) =>
      wing.features.impact({ name, ...definition, ...change }, begun.caller);

    it('is nothing where the meaning stays', async () => {
      const begun = await begin();
      expect(await impact(begun, { description: 'other', freshness: '1d' })).toMatchObject({
        ...{ view: 'stats@1', sameMeaning: true, changes: [], features: [] },
        uses: { services: ['service:closes@1', 'service:volumes@1'] },
      });
      expect(await impact(begun, { ttl: '7d' })).toMatchObject({
        sameMeaning: false,
        changes: ['ttl'],
        features: [],
      });
    });

    it('names each feature that changes, and those who have it', async () => {
      const begun = await begin();
      await sets(begun);
      const sql = 'select symbol, date, close * 1.5::double as close, 1 as one from prices';
      const found = await impact(begun, { sql });
      expect(found).toMatchObject({ sameMeaning: false, changes: ['sql', 'features'] });
      expect(found.features).toMatchObject([
        {
          ...{ name: 'close', change: 'retyped', from: 'integer', to: 'double' },
          uses: {
            services: ['service:closes@1'],
            trainingSets: ['dataset:train@1'],
            endpoints: ['endpoint:forecast'],
          },
        },
        {
          ...{ name: 'volume', change: 'removed', from: 'integer', to: null },
          uses: {
            services: ['service:volumes@1'],
            trainingSets: ['dataset:train@1', 'dataset:volume-train@1'],
            models: ['model:forecaster@1'],
          },
        },
        { name: 'one', change: 'added', from: null, to: 'integer', uses: { services: [] } },
      ]);
      expect((await wing.features.listVersions({ name }, begun.caller)).items).toHaveLength(1);
    });

    it('is nobody for a new view, and an error for a wrong one', async () => {
      const begun = await begin();
      expect(await wing.features.impact({ ...stats, name: 'fresh' }, begun.caller)).toMatchObject({
        view: null,
        features: [{ name: 'close', change: 'added' }, { name: 'volume' }],
        uses: { services: [] },
      });
      await expect(impact(begun, { entities: ['nope'] })).rejects.toThrow(/no entity 'nope'/);
    });
  });

  describe('search', () => {
    const found = async (
      caller: Awaited<ReturnType<typeof begin>>['caller'],
      q?: string,
      kind?: 'view' | 'feature',
    ) =>
      (await wing.features.search({ q, kind }, caller)).items.map(
        (entry) => `${entry.kind} ${entry.reference}`,
      );

    it.each([
      [
        'a name',
        'stats',
        [
          'view stats@1',
          'service closes@1',
          'service volumes@1',
          'feature stats@1:close',
          'feature stats@1:volume',
        ],
      ],
      [
        'words in any order',
        'shares daily',
        ['view stats@1', 'feature stats@1:close', 'feature stats@1:volume'],
      ],
      ['an owner', 'müller', ['view stats@1', 'feature stats@1:close', 'feature stats@1:volume']],
      ['a tag', 'team=markets', ['view stats@1', 'feature stats@1:close', 'feature stats@1:volume']],
      ['a dataset', 'PRICES', ['view stats@1', 'feature stats@1:close', 'feature stats@1:volume']],
      ['a column', 'volume', ['feature stats@1:volume', 'service volumes@1', 'view stats@1']],
      ['another name of a feature', 'last_close', ['service closes@1']],
      [
        'a sign that means something to databases',
        '100 %',
        ['view stats@1', 'feature stats@1:close', 'feature stats@1:volume'],
      ],
      ['nothing that is there', '100_%', []],
    ])('finds by %s', async (_, q, expected) => {
      const { caller } = await begin();
      expect(await found(caller, q)).toEqual(expected);
    });

    it('comes in pages, of one kind, of this workspace, and of what is there', async () => {
      const { caller } = await begin();
      expect(await found(caller, undefined, 'feature')).toEqual([
        'feature stats@1:close',
        'feature stats@1:volume',
      ]);
      const all = await found(caller);
      const paged: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await wing.features.search({ cursor, limit: 2 }, caller);
        paged.push(...page.items.map((entry) => `${entry.kind} ${entry.reference}`));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(paged).toEqual(all);
      expect(all).toHaveLength(6);
      expect(all.map((entry) => entry.startsWith('feature'))).toEqual([
        false,
        false,
        false,
        false,
        true,
        true,
      ]);
      await expect(wing.features.search({ cursor: 'x' }, caller)).rejects.toThrow(/cursor/i);

      await wing.features.put({ ...stats, sql: 'select symbol, date, close from prices' }, caller);
      expect(await found(caller, 'volume')).toEqual(['service volumes@1']);
      await wing.features.deleteVersion({ name: 'stats', version: '2' }, caller);
      expect(await found(caller, 'volume', 'feature')).toEqual(['feature stats@1:volume']);
    });
  });
});
