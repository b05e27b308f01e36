import type { FeatureServiceDefinition } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';

const prices = Buffer.from('date,symbol,close,volume\n2023-08-30,AAPL,180,5\n2023-08-31,AAPL,181,6\n');
const symbol = { name: 'symbol', joinKeys: [{ name: 'symbol', type: 'text' as const }] };
const stats = {
  name: 'stats',
  sql: 'select symbol, date, close, volume from prices',
  entities: ['symbol'],
  eventTime: 'date',
};

let wing: DataWing;
let workspaces = 0;

describeEachDatabase('the catalogue', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  async function begin() {
    const caller = callerIn(`c${(workspaces++).toString()}`);
    await wing.datasets.commit({ name: 'prices', format: 'csv', content: prices }, caller);
    await wing.features.entities.put(symbol, caller);
    return caller;
  }
  async function withStats() {
    const caller = await begin();
    await wing.features.put(stats, caller);
    return caller;
  }

  describe('an entity', () => {
    it('is a new version only when its keys change; views keep the keys they were defined with', async () => {
      const caller = await withStats();
      const { entities } = wing.features;
      expect(await entities.put(symbol, caller)).toMatchObject({ reference: 'symbol@1', unchanged: true });
      const said = { ...symbol, description: 'A listed share', owner: 'anna', tags: { team: 'markets' } };
      expect(await entities.put(said, caller)).toMatchObject({ version: 1, owner: 'anna', unchanged: false });
      const joinKeys = [...symbol.joinKeys, { name: 'date', type: 'date' as const }];
      expect(await entities.put({ ...said, joinKeys }, caller)).toMatchObject({ reference: 'symbol@2' });
      expect(await entities.getVersion({ name: 'symbol', version: '1' }, caller)).toMatchObject(said);
      expect(
        (await entities.listVersions({ name: 'symbol' }, caller)).items.map(({ version }) => version),
      ).toEqual([2, 1]);
      expect(await wing.features.get({ name: 'stats', version: '1' }, caller)).toMatchObject({
        entities: ['symbol@1'],
        entity: ['symbol'],
        joinKeys: symbol.joinKeys,
      });
      const again = await wing.features.put({ ...stats, sql: `${stats.sql} limit 1` }, caller);
      expect(again).toMatchObject({ reference: 'stats@2', entity: ['symbol', 'date'] });
    });

    it('cannot be deleted while a view is about it, and is gone afterwards', async () => {
      const caller = await withStats();
      const { entities } = wing.features;
      await expect(entities.delete({ name: 'symbol' }, caller)).rejects.toThrow(/view:stats@1 uses it/);
      await wing.features.delete({ name: 'stats' }, caller);
      await entities.delete({ name: 'symbol' }, caller);
      await expect(entities.resolve('symbol', caller.workspace)).rejects.toThrow(/no entity 'symbol'. None/);
      expect(await entities.put(symbol, caller)).toMatchObject({ reference: 'symbol@2' });
    });

    it('of an unknown name is told with the known ones', async () => {
      const caller = await begin();
      await expect(wing.features.put({ ...stats, entities: ['share'] }, caller)).rejects.toThrow(
        /no entity 'share'. There are symbol/,
      );
    });

    it('has keys of free names', async () => {
      const caller = await begin();
      const put = (name: string) =>
        wing.features.entities.put({ name: 'x', joinKeys: [{ name, type: 'text' }] }, caller);
      await expect(put('event_time')).rejects.toThrow(/cannot be called 'event_time'/);
      await expect(put('tm__row')).rejects.toThrow(/Tidemill's own/);
    });
  });

  describe('a feature service', () => {
    const service: FeatureServiceDefinition & { name: string } = {
      name: 'pricing',
      features: ['stats:close as last_close', 'stats:volume'],
      request: [{ name: 'amount', type: 'double' }],
    };

    it('names versions of views and what it takes of them', async () => {
      const caller = await withStats();
      const found = await wing.features.services.put(service, caller);
      expect(found).toMatchObject({
        reference: 'pricing@1',
        uri: 'service:pricing@1',
        views: [
          {
            reference: 'stats@1',
            features: [
              { name: 'close', as: 'last_close', type: 'integer' },
              { name: 'volume', as: 'volume', type: 'integer' },
            ],
          },
        ],
        joinKeys: symbol.joinKeys,
        outputs: [
          { name: 'last_close', type: 'integer' },
          { name: 'volume', type: 'integer' },
        ],
      });
      const { upstream } = await wing.lineage.lineage({ uri: found.uri, depth: 1 }, caller);
      expect(upstream.map(({ from }) => from)).toEqual(['view:stats@1']);
    });

    it('adds what is computed on demand', async () => {
      const caller = await withStats();
      const onDemand = [{ name: 'share', type: 'double' as const, expression: 'amount / last_close' }];
      const found = await wing.features.services.put({ ...service, onDemand }, caller);
      expect(found.outputs.at(-1)).toEqual({ name: 'share', type: 'double' });
      const again = await wing.features.services.put(service, caller);
      expect(again).toMatchObject({ version: 2, onDemand: [] });
    });

    it('is a new version when a view it names by its latest has one', async () => {
      const caller = await withStats();
      await wing.features.services.put(service, caller);
      expect(await wing.features.services.put(service, caller)).toMatchObject({
        version: 1,
        unchanged: true,
      });
      await wing.features.put({ ...stats, ttl: '7d' }, caller);
      expect(await wing.features.services.put(service, caller)).toMatchObject({ reference: 'pricing@2' });
      await expect(wing.features.deleteVersion({ name: 'stats', version: '1' }, caller)).rejects.toThrow(
        /service:pricing@1 uses it/,
      );
      await wing.features.services.deleteVersion({ name: 'pricing', version: '1' }, caller);
      await wing.features.deleteVersion({ name: 'stats', version: '1' }, caller);
      expect((await wing.features.listVersions({ name: 'stats' }, caller)).items).toHaveLength(1);
    });

    it.each<[string, Partial<FeatureServiceDefinition>, RegExp]>([
      ['an unknown view', { features: ['nope'] }, /no feature view 'nope'. There are stats/],
      ['an unknown version', { features: ['stats@7'] }, /no feature view version 'stats@7'/],
      ['an unknown feature', { features: ['stats:open'] }, /no feature 'open'; it has close, volume/],
      ['a feature twice', { features: ['stats', 'stats:close'] }, /'close' is a feature of stats@1 and/],
      [
        'names that differ by case',
        { features: ['stats', 'stats:close as VOLUME'] },
        /'VOLUME' is a feature/,
      ],
      ['a name that is a key', { features: ['stats:close as symbol'] }, /'symbol' is a key and a feature/],
      ['a name for all', { features: ['stats as x'] }, /name the feature: stats:feature as x/],
      ['no reference', { features: ['Stats!'] }, /'Stats!' names no feature/],
      ['a reserved name', { features: ['stats:close as event_time'] }, /cannot be called 'event_time'/],
      [
        'an expression that reads what is not there',
        { onDemand: [{ name: 'r', type: 'double', expression: 'amount / open' }] },
        /on demand 'r': 'amount \/ open' reads 'open', but knows symbol, amount, last_close, volume/,
      ],
      [
        'an expression of another type',
        { onDemand: [{ name: 'r', type: 'text', expression: 'amount / last_close' }] },
        /gives a number where it says text/,
      ],
      [
        'a field of the request that is a feature',
        { request: [{ name: 'volume', type: 'integer' }] },
        /'volume' is a field of the request and a feature/,
      ],
    ])('with %s is refused', async (_, change, message) => {
      const caller = await withStats();
      await expect(wing.features.services.put({ ...service, ...change }, caller)).rejects.toThrow(message);
      expect((await wing.features.services.list({}, caller)).items).toEqual([]);
    });
  });
});
