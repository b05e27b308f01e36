import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTrainingSets } from './training-sets.ts';

let wing: DataWing;
let workspaces = 0;

/** A balance, its correction that came two days later, and one that is older than a week. */
const balances = [
  'customer,region,seen_at,known_at,balance,limit_',
  '1,12,2026-03-01T10:00:00Z,2026-03-01T10:00:00.000001Z,100,',
  '1,12,2026-03-01T10:00:00Z,2026-03-03T10:00:00Z,90,',
  '11,2,2026-03-01T10:00:00Z,2026-03-01T10:00:00Z,,',
  '7,1,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,5,1',
];
const orders = [
  'customer,region,event_time,order_id',
  '1,12,2026-03-02T10:00:00Z,1',
  '1,12,2026-03-01T10:00:00Z,2',
  '11,2,2026-03-02T10:00:00Z,3',
  '7,1,2026-03-02T10:00:00Z,4',
  '1,12,2026-03-04T10:00:00Z,5',
  ',12,2026-03-04T10:00:00Z,6',
  '1,12,2026-03-02T10:00:00Z,1',
  '9,9,2026-03-02T10:00:00Z,7',
];
const view = {
  name: 'balances',
  sql: 'select customer, region, seen_at, known_at, balance, limit_ from raw',
  entity: ['customer', 'region'],
  eventTime: 'seen_at',
  createdTime: 'known_at',
  ttl: '7d',
};

describeEachDatabase('a training set', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  async function begin() {
    const caller = callerIn(`t${(workspaces++).toString()}`);
    const commit = (name: string, lines: readonly string[]) =>
      wing.datasets.commit({ name, format: 'csv', content: Buffer.from(lines.join('\n')) }, caller);
    await commit('raw', balances);
    await commit('orders', orders);
    await wing.features.put(view, caller);
    return caller;
  }
  const request = { name: 'train', entities: 'orders@1', views: ['balances'] };
  const build = async (change: object, caller: ReturnType<typeof callerIn>) => {
    const built = await wing.features.createTrainingSet({ ...request, ...change }, caller);
    const file = await wing.datasets.read(
      { name: 'train', version: String(built.version), format: 'json' },
      caller,
    );
    return { built, rows: JSON.parse(await textOf(file.content)) as Record<string, unknown>[] };
  };

  it('keeps every row of a dataset version, repeated ones and those without a key too, in its place', async () => {
    const { rows } = await build({}, await begin());
    expect(rows.map((row) => row.order_id)).toEqual([1, 2, 3, 4, 5, 6, 1, 7]);
    expect(rows.map((row) => row.balance)).toEqual([100, null, null, null, 90, null, 100, null]);
  });

  it('says on request why a row has no values', async () => {
    const { rows } = await build({ statuses: true }, await begin());
    expect(rows.map((row) => row.balances__status)).toEqual([
      'PRESENT',
      'NOT_FOUND',
      'NULL_VALUE',
      'OUTSIDE_MAX_AGE',
      'PRESENT',
      'NOT_FOUND',
      'PRESENT',
      'NOT_FOUND',
    ]);
  });

  it('counts what was corrected later, where it is told to', async () => {
    const { rows } = await build({ bitemporal: false }, await begin());
    expect(rows.map((row) => row.balance)).toEqual([90, 90, null, null, 90, null, 90, null]);
  });

  it('is the same content when it is built again', async () => {
    const caller = await begin();
    const first = await build({ statuses: true }, caller);
    const second = await build({ statuses: true }, caller);
    expect(second.built).toMatchObject({ unchanged: true, digest: first.built.digest });
  });

  it('takes its times from another column when told so', async () => {
    const caller = await begin();
    const entities = 'select customer, region, event_time as placed_at, order_id from orders';
    const { rows } = await build({ entities, eventTime: 'placed_at' }, caller);
    expect(rows.map((row) => row.balance)).toEqual([100, null, null, null, 90, null, 100, null]);
  });

  it('takes the time of a label from the column that it names', async () => {
    const caller = await begin();
    const sql = (time: string) =>
      `select customer, region, event_time as ${time}, order_id * 10 as y, event_time as known_at from orders`;
    const label = { column: 'y', knownAt: 'known_at' };
    const byDefault = await build({ label: { ...label, sql: sql('event_time') } }, caller);
    const named = await build({ label: { ...label, sql: sql('placed_at'), eventTime: 'placed_at' } }, caller);
    expect(named.rows.map((row) => row.y)).toEqual([10, 20, 30, 40, 50, 10, 70]);
    expect(named.built.digest).toBe(byDefault.built.digest);
    const refused = (change: object) =>
      expect(build({ label: { ...label, sql: sql('placed_at'), ...change } }, caller)).rejects;
    await refused({}).toThrow(
      /'event_time' is missing; 'eventTime' of the label names the column .*: 'placed_at' or 'known_at'\. The SQL gives customer, region, placed_at, y, known_at/,
    );
    await refused({ eventTime: 'at' }).toThrow(
      /'at' is missing; 'eventTime' of the label .*\. The SQL gives customer, region, placed_at/,
    );
    await refused({ eventTime: 'y' }).toThrow(/'y' is \w+; it must be a date or timestamp/);
  });

  it('takes what a service takes, under its names, with features on demand computed as in a look-up', async () => {
    const caller = await begin();
    await wing.features.services.put(
      {
        name: 'risk',
        features: ['balances:balance as left', 'balances:limit_'],
        request: [{ name: 'order_id', type: 'integer' }],
        onDemand: [
          { name: 'share', type: 'double', expression: 'order_id / left' },
          { name: 'known', type: 'boolean', expression: 'left != null' },
        ],
      },
      caller,
    );
    const { built, rows } = await build({ views: undefined, service: 'risk', statuses: true }, caller);
    expect(built.columns.map(({ name }) => name).slice(4)).toEqual([
      ...['left', 'limit_', 'balances__status', 'share', 'known'],
    ]);
    expect(rows.map((row) => row.share)).toEqual([0.01, null, null, null, 5 / 90, null, 0.01, null]);
    expect(rows.map((row) => row.known)).toEqual([true, false, false, false, true, false, true, false]);
    expect(rows.map((row) => row.order_id)).toEqual([1, 2, 3, 4, 5, 6, 1, 7]);
    expect(built.provenance.detail).toMatchObject({ definition: { service: 'risk@1' } });
    expect(built.provenance.inputs).toContain('service:risk@1');
  });

  it('stops when the caller leaves', async () => {
    const caller = await begin();
    const entities = 'select customer, region, event_time from orders, range(100000000) order by hash(range)';
    const leaving = new AbortController();
    const built = wing.features.createTrainingSet({ ...request, entities }, caller, leaving.signal);
    built.catch(() => undefined);
    const builds = () => wing.features.listTrainingSetBuilds({ name: 'train' }, caller);
    await expect.poll(builds).toHaveLength(1);
    expect(builds()).toMatchObject([{ step: 'reading the entity rows', done: 0, steps: 5 }]);
    expect(wing.features.listTrainingSetBuilds({}, callerIn('another'))).toEqual([]);
    leaving.abort();
    await expect(built).rejects.toMatchObject({ code: 'queryCancelled' });
    expect(builds()).toEqual([]);
    const left = await wing.datasets.list({}, caller);
    expect(left.items.map(({ name }) => name)).not.toContain('train');
  });

  it('stops when somebody stops it, and says who', async () => {
    const caller = await begin();
    const entities = 'select customer, region, event_time from orders, range(100000000) order by hash(range)';
    const built = wing.features.createTrainingSet({ ...request, entities }, caller);
    const end = expect(built).rejects.toMatchObject({
      code: 'trainingSetStopped',
      details: { name: 'train', by: 'user:boss' },
    });
    const builds = () => wing.features.listTrainingSetBuilds({ name: 'train' }, caller);
    await expect.poll(builds).toHaveLength(1);
    const [{ id } = { id: '' }] = builds();
    expect(() => wing.features.cancelTrainingSetBuild({ id }, callerIn('another'))).toThrow(/no build/);
    wing.features.cancelTrainingSetBuild({ id }, { ...caller, actor: 'user:boss' });
    await end;
    expect(builds()).toEqual([]);
    expect(() => wing.features.cancelTrainingSetBuild({ id }, caller)).toThrow(/it has ended/);
  });

  it('tells each step once, in order', async () => {
    const caller = await begin();
    const told: string[] = [];
    const trainingSets = createTrainingSets({ ...wing, resolveView: wing.features.resolveView });
    await trainingSets.create({ ...request, statuses: true }, caller, undefined, ({ step, done, steps }) =>
      told.push(`${done}/${steps} ${step}`),
    );
    expect(told).toEqual([
      '0/5 reading the entity rows',
      '1/5 reading the views',
      '2/5 joining balances@1',
      '3/5 writing the rows',
      '4/5 making the version',
    ]);
  });

  it('is refused by the name of a view whose SQL fails on the rows of now, or has lost a column', async () => {
    const caller = await begin();
    const sql = 'select customer, region, seen_at, cast(limit_ as integer) as limit_ from raw';
    await wing.features.put({ ...view, name: 'limits', createdTime: undefined, sql }, caller);
    const commit = (content: string) =>
      wing.datasets.commit({ name: 'raw', format: 'csv', content: Buffer.from(content) }, caller);
    const refused = (message: RegExp) =>
      expect(wing.features.createTrainingSet({ ...request, views: ['limits'] }, caller)).rejects.toThrow(
        message,
      );
    await commit('customer,region,seen_at,limit_\n1,12,2026-03-01T10:00:00Z,much\n');
    await refused(/view 'limits@1' cannot be built on raw@2: its SQL fails: .*'much'/);
    await commit('customer,region,seen_at\n1,12,2026-03-01T10:00:00Z\n');
    await refused(
      /view 'limits@1' cannot be built on raw@3: its SQL reads the column 'limit_', which is not there/,
    );
  });

  describe('with bad input', () => {
    let begun: ReturnType<typeof begin> | undefined;
    it.each([
      ['neither views nor a service', { views: undefined }, /either 'views' or 'service'/],
      ['both', { service: 'risk' }, /either 'views' or 'service'/],
      ['no such dataset', { entities: 'nope@1' }, /no dataset.*nope/i],
      [
        'no event time',
        { entities: 'select customer, region from orders' },
        /'event_time' is missing; none of the columns is a date or timestamp: select one as event_time/,
      ],
      [
        'an event time of another name',
        { entities: 'select customer, region, event_time as placed_at from orders' },
        /'event_time' is missing; 'eventTime' names the column .*: 'placed_at'/,
      ],
      [
        'an event time of another case',
        { entities: 'select customer, region, event_time as "Event_Time" from orders' },
        /'event_time' is missing; 'Event_Time' is there, which differs in case/,
      ],
      [
        'a time in milliseconds',
        { entities: 'select customer, region, 1772359200000 as "at" from orders', eventTime: 'at' },
        /'at' is integer; .*epoch_ms\("at"\) as "at"/,
      ],
      [
        'a word of SQL for a column',
        { entities: 'select customer, region, at from orders' },
        /SQL of the entities of the training set 'train' .*'at' is a word of SQL: .*write it in double quotes, "at"/,
      ],
      [
        'entities that fail',
        { entities: "select cast('c' || customer as integer) as customer, region, event_time from orders" },
        /SQL of the entities of the training set 'train' cannot be used: .*'c1'/,
      ],
      [
        'a label that fails while it is read',
        {
          label: {
            sql: "select customer, region, event_time, cast('y' || customer as integer) as y, event_time as known_at from orders",
            ...{ column: 'y', knownAt: 'known_at' },
          },
        },
        /SQL of the label of the training set 'train' cannot be used: .*'y1'/,
      ],
      [
        'a label without such a column',
        { label: { sql: 'select customer, nope from orders', column: 'y', knownAt: 'known_at' } },
        /SQL of the label of the training set 'train' cannot be used: .*nope/,
      ],
      [
        'a key of another type',
        { entities: "select 'x' || customer as customer, region, event_time from orders" },
        /the key 'customer' is text in the entities and integer in balances@1; cast one of them/,
      ],
      [
        'a text for a time',
        { entities: "select customer, region, 'then' as event_time from orders" },
        /'event_time' is text; it must be a date or timestamp \(write cast\(event_time as timestamp\) as event_time\)/,
      ],
    ])('%s is refused with a remedy', async (_, change, message) => {
      begun ??= begin();
      const caller = await begun;
      await expect(wing.features.createTrainingSet({ ...request, ...change }, caller)).rejects.toThrow(
        message,
      );
    });
  });
});
