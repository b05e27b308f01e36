import type { Aggregation, FeatureViewDefinition } from '@tidemill/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

let wing: DataWing;
let workspaces = 0;

/** The second amount of customer 1 was corrected four days later. */
const payments = [
  'customer,paid_at,known_at,amount,shop,vip',
  '1,2026-03-01T10:00:00Z,2026-03-01T10:00:00Z,10,north,true',
  '1,2026-03-02T10:00:00Z,2026-03-02T10:00:00Z,30,south,true',
  '1,2026-03-02T10:00:00Z,2026-03-06T10:00:00Z,50,south,true',
  '2,2026-03-02T10:00:00Z,2026-03-02T10:00:00Z,,north,false',
];
const days = [
  'customer,event_time',
  '1,2026-03-02T10:00:00Z',
  '1,2026-03-02T09:59:59.999999Z',
  '1,2026-03-06T10:00:00Z',
  '2,2026-03-03T00:00:00Z',
  '3,2026-03-03T00:00:00Z',
  ',2026-03-03T00:00:00Z',
];
const aggregations: Aggregation[] = [
  { function: 'count', column: '*', window: '1d' },
  { function: 'sum', column: 'amount', window: '24h' },
  { function: 'mean', column: 'amount', window: '7d' },
  { function: 'std', column: 'amount', window: '7d' },
  { function: 'last', column: 'shop', window: '7d' },
  { name: 'shops', function: 'last', column: 'shop', window: '7d', k: 2 },
  { function: 'distinct', column: 'shop', window: '365d' },
];
const view = {
  name: 'paid',
  sql: 'select customer, paid_at, known_at, amount, shop, vip from payments',
  entity: ['customer'],
  eventTime: 'paid_at',
  createdTime: 'known_at',
  aggregations,
};

describeEachDatabase('a view with aggregations', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  async function begin(change: Partial<FeatureViewDefinition> = {}) {
    const caller = callerIn(`w${(workspaces++).toString()}`);
    const commit = (name: string, lines: readonly string[]) =>
      wing.datasets.commit({ name, format: 'csv', content: Buffer.from(lines.join('\n')) }, caller);
    await commit('payments', payments);
    await commit('days', days);
    return { caller, commit, put: await wing.features.put({ ...view, ...change }, caller) };
  }

  it('has them as its features, named and typed, and is of another version when they change', async () => {
    const { put, caller } = await begin();
    expect(put.features).toEqual([
      { name: 'count_1d', type: 'integer' },
      { name: 'sum_amount_1d', type: 'integer' },
      { name: 'mean_amount_7d', type: 'double' },
      { name: 'std_amount_7d', type: 'double' },
      { name: 'last_shop_7d', type: 'text' },
      { name: 'shops', type: 'text' },
      { name: 'distinct_shop_365d', type: 'integer' },
    ]);
    const again = aggregations.map((each) => (each.window === '1d' ? { ...each, window: '24h' } : each));
    expect(await wing.features.put({ ...view, aggregations: again }, caller)).toMatchObject({
      unchanged: true,
    });
    const fewer = await wing.features.put({ ...view, aggregations: aggregations.slice(1) }, caller);
    expect(fewer.reference).toBe('paid@2');
  });

  it('gives each row of a training set what was known at its time', async () => {
    const { caller } = await begin();
    const service = {
      name: 'model',
      features: ['paid:count_1d', 'paid:sum_amount_1d as paid_today', 'paid:shops'],
    };
    await wing.features.services.put(service, caller);
    const rowsOf = async (from: { views: string[] } | { service: string }) => {
      const set = { name: 'train', entities: 'days', statuses: true, ...from };
      const built = await wing.features.createTrainingSet(set, caller);
      const file = await wing.datasets.read(
        { name: 'train', version: String(built.version), format: 'json' },
        caller,
      );
      return JSON.parse(await textOf(file.content)) as Record<string, unknown>[];
    };
    const rows = await rowsOf({ views: ['paid'] });
    const column = (name: string) => rows.map((row) => row[name]);
    expect(column('count_1d')).toEqual([1, 1, 0, 1, 0, null]);
    expect(column('sum_amount_1d')).toEqual([30, 10, null, null, null, null]);
    expect(column('mean_amount_7d')).toEqual([20, 10, 30, null, null, null]);
    expect(column('std_amount_7d')).toEqual([Math.sqrt(200), null, Math.sqrt(800), null, null, null]);
    expect(column('last_shop_7d')).toEqual(['south', 'north', 'south', 'north', null, null]);
    expect(column('shops')[0]).toBe('["south","north"]');
    expect(column('distinct_shop_365d')).toEqual([2, 1, 2, 1, 0, null]);
    expect(column('paid__status').slice(3)).toEqual(['PRESENT', 'NOT_FOUND', 'NOT_FOUND']);
    const served = await rowsOf({ service: 'model' });
    expect(served.map(({ count_1d, paid_today, shops }) => [count_1d, paid_today, shops])).toEqual(
      rows.map((row) => [row.count_1d, row.sum_amount_1d, row.shops]),
    );
  });

  it('is the same content when it is built again, in whatever order the events come', async () => {
    const { caller, commit } = await begin();
    // Added up in another order, or by several threads, these doubles differ in their last digits.
    const lines = Array.from({ length: 6_000 }, (_, n) => {
      const at = new Date(Date.UTC(2026, 2, 1) + n * 61_000).toISOString();
      return `${n % 7},${at},${at},${(n % 5 === 0 ? 1e15 : 0) + ((n * 7919) % 1000) / 10},north,true`;
    });
    const doubles = (['sum', 'mean', 'std'] as const).flatMap((how) =>
      ['1h', '30d'].map((window) => ({ function: how, column: 'amount', window })),
    );
    const days = 'select customer, paid_at as event_time from payments order by customer, paid_at';
    const build = async (events: readonly string[]) => {
      await commit('payments', [payments[0] ?? '', ...events]);
      await wing.features.put({ ...view, name: 'doubles', aggregations: doubles }, caller);
      const set = { name: 'train', entities: days, views: ['doubles@1'] };
      return wing.features.createTrainingSet(set, caller);
    };
    const built = await build(lines);
    expect(await build(lines)).toMatchObject({ unchanged: true, digest: built.digest });
    expect(await build(lines.toReversed())).toMatchObject({ unchanged: true, digest: built.digest });
  });

  it('shows in a preview what the first events see', async () => {
    const { caller } = await begin();
    const { name: _, ...definition } = view;
    const { columns, rows } = await wing.features.preview({ ...definition, limit: 2 }, caller);
    expect(columns.map(({ name }) => name).slice(0, 3)).toEqual(['customer', 'paid_at', 'count_1d']);
    expect(rows.map((row) => [row.customer, row.count_1d, row.sum_amount_1d])).toEqual([
      [1, 1, 10],
      [1, 1, 50],
    ]);
  });

  it('counts events that have nothing but a key and a time', async () => {
    const sql = 'select customer, paid_at from payments';
    const { put } = await begin({ sql, createdTime: undefined, aggregations: aggregations.slice(0, 1) });
    expect(put.features).toEqual([{ name: 'count_1d', type: 'integer' }]);
  });

  it('has online the values of now, which age without being written', async () => {
    const { caller } = await begin({ online: { materialize: { onDatasetVersion: true } }, freshness: '30d' });
    const onDemand = [{ name: 'share', type: 'double' as const, expression: 'double(today) / 2.0' }];
    const features = ['paid:count_1d as today', 'paid:sum_amount_1d', 'paid:shops'];
    await wing.features.services.put({ name: 'model', features, onDemand }, caller);
    const one = { name: 'paid', version: '1' };
    expect(await wing.features.materialize(one, caller)).toMatchObject({ entities: 2, written: 2 });
    const entities = [1, 2, 3, null].map((customer) => ({ customer }));
    const lookUpAt = async (time: string) => {
      wing.skip(Date.parse(time) - wing.clock.now());
      const service = { name: 'model', version: '1', entities };
      const { rows } = await wing.features.lookupService(service, caller);
      return rows.map(({ values, statuses }) => [...values, statuses[0]]);
    };
    const [nothing, nobody] = [
      [0, null, null, 0, 'NOT_FOUND'],
      [null, null, null, null, 'NOT_FOUND'],
    ];
    expect(await lookUpAt('2026-02-01T00:00:00Z')).toEqual([nothing, nothing, nothing, nobody]);
    expect(await lookUpAt('2026-03-02T12:00:00Z')).toEqual([
      [1, 30, '["south","north"]', 0.5, 'PRESENT'],
      [1, null, '["north"]', 0.5, 'PRESENT'],
      nothing,
      nobody,
    ]);
    expect((await lookUpAt('2026-03-06T12:00:00Z'))[0]).toEqual([0, null, '["south","north"]', 0, 'PRESENT']);
    const rows = [{ customer: 3, paid_at: '2026-03-06T11:00:00Z', amount: 7, shop: 'east' }];
    const push = { ...one, rows, key: 'till 3' };
    expect(await wing.features.push(push, caller)).toMatchObject({ online: { written: 1 } });
    expect(await wing.features.push(push, caller)).toMatchObject({ rows: 1 });
    const looked = await wing.features.lookup({ ...one, entities }, caller);
    expect(
      looked.rows.map((row) => row && [row.eventTime, row.values.count_1d, row.values.mean_amount_7d]),
    ).toEqual([
      [Date.UTC(2026, 2, 2, 10), 0, 30],
      [Date.UTC(2026, 2, 2, 10), 0, null],
      [Date.UTC(2026, 2, 6, 11), 1, 7],
      null,
    ]);
    // An endpoint predicts with the values of no events, too.
    const served = await wing.features.readOnline(await wing.features.get(one, caller), entities.slice(1, 3));
    expect(served.map((found) => found?.values.count_1d)).toEqual([0, 1]);
    const [unknown] = await wing.features.readOnline(await wing.features.get(one, caller), [{ customer: 9 }]);
    expect(unknown?.values).toMatchObject({ count_1d: 0, sum_amount_1d: null });
    const health = await wing.features.health(one, caller);
    expect(health.parity).toMatchObject({ sampled: 2, matched: 2, wrong: 0, behind: 0 });
    expect(health.freshness).toMatchObject({ met: true });
    expect(health.features[3]).toMatchObject({ name: 'std_amount_7d', offline: { rows: 2, nulls: 1 } });
  });

  it('is not online with more events than a look-up can read', async () => {
    const { caller, commit } = await begin();
    const at = (n: number) => new Date(Date.UTC(2026, 2, 1) + n * 1000).toISOString();
    const lines = Array.from({ length: 10_001 }, (_, n) => `7,${at(n)},${at(n)},1,north,true`);
    await commit('payments', [...payments.slice(0, 1), ...lines]);
    await expect(wing.features.materialize({ name: 'paid', version: '1' }, caller)).rejects.toMatchObject({
      code: 'onlineEventsTooMany',
      message: expect.stringMatching(/entity \[7\] .* has 10001 events .* at most 10000/) as string,
    });
  });

  it('is refused where its dataset no longer has what it aggregates', async () => {
    const { caller, commit } = await begin();
    await commit('payments', [
      'customer,paid_at,known_at,amount,shop,vip',
      '1,2026-03-01,2026-03-01,1.5,n,true',
    ]);
    await expect(
      wing.features.createTrainingSet({ name: 'train', entities: 'days', views: ['paid'] }, caller),
    ).rejects.toMatchObject({
      code: 'featureViewBroken',
      message: expect.stringMatching(/'amount' is double; the view promises integer/) as string,
    });
  });

  it.each<[string, Partial<FeatureViewDefinition>, RegExp]>([
    [
      'no such column',
      { aggregations: [{ function: 'sum', column: 'price', window: '1d' }] },
      /'price' is none that/,
    ],
    [
      'a key',
      { aggregations: [{ function: 'count', column: 'customer', window: '1d' }] },
      /neither key nor time/,
    ],
    [
      'a sum of texts',
      { aggregations: [{ function: 'sum', column: 'shop', window: '1d' }] },
      /'shop' is text; sum of 'shop' over 1d takes numbers/,
    ],
    [
      'a mean of booleans',
      { aggregations: [{ function: 'mean', column: 'vip', window: '1d' }] },
      /takes numbers/,
    ],
    [
      'a short window',
      { aggregations: [{ function: 'sum', column: 'amount', window: '59m' }] },
      /between 1h and 365d/,
    ],
    [
      'a long window',
      { aggregations: [{ function: 'sum', column: 'amount', window: '366d' }] },
      /between 1h and 365d/,
    ],
    [
      'k of a sum',
      { aggregations: [{ function: 'sum', column: 'amount', window: '1d', k: 2 }] },
      /only last takes one/,
    ],
    [
      'a sum of everything',
      { aggregations: [{ function: 'sum', column: '*', window: '1d' }] },
      /only count takes/,
    ],
    ['a ttl', { ttl: '7d' }, /leave 'ttl' out/],
    [
      'one name twice',
      { aggregations: [1, 2].map(() => ({ function: 'sum', column: 'amount', window: '1d' }) as const) },
      /names the feature 'sum_amount_1d' twice/,
    ],
    [
      'the name of a key',
      { aggregations: [{ name: 'customer', function: 'sum', column: 'amount', window: '1d' }] },
      /'customer' is a key/,
    ],
  ])('is not defined with %s', async (_, change, message) => {
    await expect(begin(change)).rejects.toMatchObject({ message: expect.stringMatching(message) as string });
  });
});
