import { readdir } from 'node:fs/promises';
import type { TrainingSetDefinition } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

const days = ['2023-08-28', '2023-08-29', '2023-08-30', '2023-08-31'];
const prices = (rows: readonly string[]): Buffer => Buffer.from(`date,symbol,close\n${rows.join('\n')}\n`);
const aapl = days.map((day, i) => `${day},AAPL,${180 + i}`);

const stats = {
  name: 'stats',
  sql: `with lagged as (
      select symbol, date, close, lag(close) over (partition by symbol order by date) as before from prices)
    select symbol, date, close, close - before as change from lagged`,
  entity: ['symbol'],
  eventTime: 'date',
};
const trainingSet: TrainingSetDefinition = {
  name: 'train',
  entities: 'select symbol, date as event_time from prices order by date desc',
  views: ['stats'],
  label: {
    sql: `select symbol, date as event_time, lead(close) over w as next_close, lead(date) over w as known
      from prices window w as (partition by symbol order by date)`,
    column: 'next_close',
    knownAt: 'known',
  },
};

let wing: DataWing;
let workspaces = 0;

describeEachDatabase('features', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  async function withPrices(rows: readonly string[] = aapl) {
    const caller = callerIn(`f${(workspaces++).toString()}`);
    await wing.datasets.commit({ name: 'prices', format: 'csv', content: prices(rows) }, caller);
    return caller;
  }
  const rowsOf = async (reference: string, caller: ReturnType<typeof callerIn>) => {
    const [name = '', version = ''] = reference.split('@');
    const download = await wing.datasets.read({ name, version, format: 'json' }, caller);
    return JSON.parse(await textOf(download.content)) as Record<string, unknown>[];
  };

  describe('a definition', () => {
    it('records what the SQL gives and reads', async () => {
      const caller = await withPrices();
      const view = await wing.features.put(stats, caller);
      expect(view).toMatchObject({
        reference: 'stats@1',
        uri: 'view:stats@1',
        features: [
          { name: 'close', type: 'integer' },
          { name: 'change', type: 'integer' },
        ],
        datasets: ['prices'],
        createdTime: null,
        ttl: null,
        unchanged: false,
      });
      await expect(wing.datasets.delete({ name: 'prices' }, caller)).rejects.toThrow(/view:stats@1/);
    });

    it('may name an expression after the dataset it reads', async () => {
      const caller = await withPrices();
      const sql =
        'with prices as (select * from prices where close > 181) select symbol, date, close from prices';
      expect(await wing.features.put({ ...stats, sql }, caller)).toMatchObject({ datasets: ['prices'] });
    });

    it('is a new version only when its meaning changes', async () => {
      const caller = await withPrices();
      await wing.features.put(stats, caller);
      expect(await wing.features.put(stats, caller)).toMatchObject({ version: 1, unchanged: true });
      const described = await wing.features.put({ ...stats, description: 'daily' }, caller);
      expect(described).toMatchObject({ version: 1, description: 'daily', unchanged: false });
      expect(await wing.features.put({ ...stats, ttl: '7d' }, caller)).toMatchObject({
        version: 2,
        ttl: '7d',
      });
      expect((await wing.features.list({}, caller)).items.map(({ reference }) => reference)).toEqual([
        'stats@2',
      ]);
      expect(await wing.features.get({ name: 'stats', version: '1' }, caller)).toMatchObject({
        ttl: null,
      });
    });

    it.each([
      ['no such dataset', { sql: 'select * from nope' }, /no dataset 'nope'.*prices/],
      ['a missing version', { sql: 'select * from "prices@7"' }, /no dataset version 'prices@7'/],
      ['no select', { sql: 'drop table prices' }, /it is no SELECT/],
      ['two statements', { sql: 'select 1; select 2' }, /holds 2 statements/],
      ['a syntax error', { sql: 'select from where' }, /syntax error/],
      ['a file', { sql: "select * from read_csv('/etc/passwd')" }, /not run|Permission|disabled/],
      ['a file by name', { sql: "select * from '/etc/passwd'" }, /not the name of a dataset/],
      ['a column that is not there', { entity: ['ticker'] }, /'ticker' is missing/],
      ['an unknown column in the SQL', { sql: 'select nope, date, symbol from prices' }, /nope/],
    ])('with %s is refused', async (_, change, message) => {
      const caller = await withPrices();
      await expect(wing.features.put({ ...stats, ...change }, caller)).rejects.toThrow(message);
      expect((await wing.features.list({}, caller)).items).toEqual([]);
    });

    it('says what there is when a view is unknown', async () => {
      const caller = await withPrices();
      await wing.features.put(stats, caller);
      await expect(wing.features.resolveView('nope', caller.workspace)).rejects.toThrow(/There are stats/);
      await expect(wing.features.resolveView('stats@9', caller.workspace)).rejects.toThrow(
        /latest is stats@1/,
      );
    });

    it('can be looked at before it is registered', async () => {
      const caller = await withPrices();
      const { name: _, ...definition } = stats;
      const preview = await wing.features.preview(
        { ...definition, limit: 2, bindings: { prices: '1' } },
        caller,
      );
      expect(preview.rows).toEqual([
        { symbol: 'AAPL', date: '2023-08-28', close: 180, change: null },
        { symbol: 'AAPL', date: '2023-08-29', close: 181, change: 1 },
      ]);
      await expect(
        wing.features.preview({ ...definition, bindings: { price: '1' } }, caller),
      ).rejects.toThrow("binding of 'price'");
    });
  });

  describe('online values', () => {
    it('are the newest of each entity, and never replaced by older ones', async () => {
      const caller = await withPrices([...aapl, '2023-08-30,MSFT,300']);
      const { name: _, ...definition } = stats;
      await wing.features.put({ name: 'stats', ...definition }, caller);
      const put = { name: 'stats', version: 'latest' };
      expect(await wing.features.materialize(put, caller)).toMatchObject({
        view: 'stats@1',
        entities: 2,
        written: 2,
        newestEventTime: Date.UTC(2023, 7, 31),
        bindings: { prices: 'prices@1' },
      });
      const older = prices(aapl.slice(0, 2));
      await wing.datasets.commit({ name: 'prices', format: 'csv', content: older }, caller);
      expect(await wing.features.materialize(put, caller)).toMatchObject({ written: 0 });
      const entities = [{ symbol: 'AAPL' }, { symbol: 'NONE' }, { symbol: 'MSFT' }];
      expect(await wing.features.lookup({ ...put, entities }, caller)).toEqual({
        rows: [
          {
            eventTime: Date.UTC(2023, 7, 31),
            values: { close: 183, change: 1 },
            statuses: { close: 'PRESENT', change: 'PRESENT' },
          },
          null,
          {
            eventTime: Date.UTC(2023, 7, 30),
            values: { close: 300, change: null },
            statuses: { close: 'PRESENT', change: 'NULL_VALUE' },
          },
        ],
      });
      await expect(wing.features.lookup({ ...put, entities: [{}] }, caller)).rejects.toThrow(
        "'symbol' is missing",
      );
    });

    it('of one workspace are not those of another', async () => {
      const caller = await withPrices();
      const other = await withPrices();
      const view = await wing.features.put(stats, caller);
      const same = await wing.features.put(stats, other);
      await wing.features.materialize({ name: 'stats', version: '1' }, caller);
      expect(await wing.features.readOnline(view, [{ symbol: 'AAPL' }])).toMatchObject([
        { values: { close: 183 } },
      ]);
      expect(await wing.features.readOnline(same, [{ symbol: 'AAPL' }])).toEqual([null]);
    });
  });

  describe('a training set', () => {
    it('holds what was known then, in the order of the entities', async () => {
      const caller = await withPrices();
      await wing.features.put(stats, caller);
      const set = await wing.features.createTrainingSet({ ...trainingSet, asOf: '2023-08-30' }, caller);
      expect(await rowsOf(set.reference, caller)).toEqual([
        { symbol: 'AAPL', event_time: '2023-08-29', close: 181, change: 1, next_close: 182 },
        { symbol: 'AAPL', event_time: '2023-08-28', close: 180, change: null, next_close: 181 },
      ]);
      expect(set.provenance).toMatchObject({
        kind: 'training-set',
        inputs: ['dataset:prices@1', 'view:stats@1'],
        detail: {
          definition: { views: ['stats@1'], bindings: { prices: 'prices@1' }, asOf: '2023-08-30' },
          counts: { entities: 4, rows: 2, excluded: { labelKnownLater: 1, labelMissing: 1 } },
        },
      });
      const { upstream } = await wing.lineage.lineage({ uri: set.uri, depth: 1 }, caller);
      expect(upstream.map(({ from }) => from).sort()).toEqual(['dataset:prices@1', 'view:stats@1']);
      expect(await readdir(wing.tempFolder)).toEqual([]);
    });

    it('can be built again from what it says of itself, when the world has moved on', async () => {
      const caller = await withPrices();
      await wing.features.put(stats, caller);
      const set = await wing.features.createTrainingSet(trainingSet, caller);
      await wing.datasets.commit(
        { name: 'prices', format: 'csv', mode: 'append', content: prices(['2023-09-01,AAPL,190']) },
        caller,
      );
      await wing.features.put({ ...stats, ttl: '1d' }, caller);
      const definition = set.provenance.detail.definition as TrainingSetDefinition;
      const again = await wing.features.createTrainingSet(definition, caller);
      expect(again).toMatchObject({ version: 1, digest: set.digest, unchanged: true });
      const fresh = await wing.features.createTrainingSet(trainingSet, caller);
      expect(fresh).toMatchObject({ version: 2, unchanged: false, rows: 4 });
    });

    it('joins several views and pinned versions', async () => {
      const caller = await withPrices();
      await wing.features.put(stats, caller);
      const pinned = {
        ...stats,
        name: 'old',
        sql: 'select symbol, date, close * 2 as doubled from "prices@1"',
      };
      await wing.features.put(pinned, caller);
      const content = prices(['2023-08-31,AAPL,500']);
      await wing.datasets.commit({ name: 'prices', format: 'csv', content }, caller);
      const { label: _, ...unlabelled } = trainingSet;
      const set = await wing.features.createTrainingSet({ ...unlabelled, views: ['stats', 'old'] }, caller);
      expect(await rowsOf(set.reference, caller)).toEqual([
        { symbol: 'AAPL', event_time: '2023-08-31', close: 500, change: null, doubled: 366 },
      ]);
      expect(set.provenance.inputs).toContain('dataset:prices@1');
      expect(set.provenance.inputs).toContain('dataset:prices@2');
    });

    it.each([
      ['no time', { entities: 'select symbol, close from prices' }, /'event_time' is missing/],
      ['no key', { entities: 'select date as event_time from prices' }, /'symbol' is missing/],
      [
        'a feature twice',
        { entities: 'select symbol, date as event_time, close from prices' },
        /'close' comes from/,
      ],
      ['a view twice', { views: ['stats', 'stats@1'] }, /names the view 'stats' twice/],
      ['an unknown view', { views: ['nope'] }, /no feature view 'nope'/],
      [
        'another key type',
        { entities: 'select 1 as symbol, date as event_time from prices' },
        /the key 'symbol' is integer/,
      ],
      [
        'no known label',
        { asOf: '2020-01-01' },
        /none of its 4 entity rows has a known label \(3 known only after/,
      ],
      ['a wrong time', { asOf: 'yesterday' }, /asOf 'yesterday'/],
      ['an unused binding', { bindings: { price: '1' } }, /binding of 'price'/],
    ])('with %s is refused', async (_, change, message) => {
      const caller = await withPrices();
      await wing.features.put(stats, caller);
      await expect(wing.features.createTrainingSet({ ...trainingSet, ...change }, caller)).rejects.toThrow(
        message,
      );
      await expect(wing.datasets.get({ name: 'train' }, caller)).rejects.toThrow(/no dataset 'train'/);
    });
  });
});
