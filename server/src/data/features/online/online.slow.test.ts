import type { Materialization } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../base/caller.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { until } from '../../../testing/until.ts';

let wing: DataWing;
let workspaces = 0;

const table = (rows: readonly string[]): Buffer =>
  Buffer.from(`customer,happened,known,amount,city\n${rows.join('\n')}\n`);
const orders = {
  name: 'orders',
  sql: 'select customer, happened, known, amount, city from orders',
  entity: ['customer'],
  eventTime: 'happened',
  createdTime: 'known',
};
const first = [
  '1,2025-12-30,2025-12-30,10,Bonn',
  '2,2025-12-01,2025-12-01,20,',
  '9007199254740993,2025-12-31,2025-12-31,30,Ulm',
];

describeEachDatabase('features online', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
    await wing.events.start();
  });
  afterAll(async () => {
    await wing.events.stop();
    await wing.close();
  });

  const commit = (rows: readonly string[], caller: Caller, mode: 'replace' | 'append' = 'replace') =>
    wing.datasets.commit({ name: 'orders', format: 'csv', mode, content: table(rows) }, caller);
  async function withOrders(change: object = {}, rows: readonly string[] = first) {
    const caller = callerIn(`o${workspaces++}`);
    await commit(rows, caller);
    await wing.features.put({ ...orders, ...change }, caller);
    return caller;
  }
  const latest = { name: 'orders', version: 'latest' };
  const lookUp = async (entities: Record<string, unknown>[], caller: Caller) =>
    (await wing.features.lookup({ ...latest, entities }, caller)).rows;

  describe('a look-up', () => {
    it('says of each value whether it is there, and gives none that is too old', async () => {
      const caller = await withOrders({ ttl: '7d' });
      await wing.features.materialize(latest, caller);
      const rows = await lookUp(
        [{ customer: 1 }, { customer: 2 }, { customer: 3 }, { customer: null }],
        caller,
      );
      expect(rows).toEqual([
        {
          eventTime: Date.UTC(2025, 11, 30),
          values: { amount: 10, city: 'Bonn' },
          statuses: { amount: 'PRESENT', city: 'PRESENT' },
        },
        {
          eventTime: Date.UTC(2025, 11, 1),
          values: { amount: null, city: null },
          statuses: { amount: 'OUTSIDE_MAX_AGE', city: 'OUTSIDE_MAX_AGE' },
        },
        null,
        null,
      ]);
    });

    it('takes keys of 64 bits as texts, and refuses what can be no key', async () => {
      const caller = await withOrders();
      await wing.features.materialize(latest, caller);
      expect(await lookUp([{ customer: '9007199254740993' }, { customer: '1' }], caller)).toMatchObject([
        { values: { city: 'Ulm' } },
        { values: { city: 'Bonn' } },
      ]);
      await expect(lookUp([{ customer: 2 ** 53 }], caller)).rejects.toThrow(/send it as a text/);
      await expect(lookUp([{ customer: 'Bonn' }], caller)).rejects.toThrow(
        /'customer' is "Bonn".*whole number/,
      );
      await expect(lookUp([{ customer: 1 }, { client: 1 }], caller)).rejects.toThrow(
        /Record 1, counted from 0, names no entity: 'customer' is missing/,
      );
      await expect(lookUp([{ customer: 1 }, { customer: 2 }, { customer: 'x' }], caller)).rejects.toThrow(
        /Record 2, counted from 0: 'customer' is "x"/,
      );
    });

    it('by a service reads its views together and computes what is on demand', async () => {
      const caller = await withOrders();
      const other = {
        ...orders,
        name: 'cities',
        sql: 'select customer, happened, known, city as town from orders',
      };
      await wing.features.put(other, caller);
      await wing.features.services.put(
        {
          name: 'pricing',
          features: ['orders:amount as spent', 'cities'],
          request: [{ name: 'price', type: 'double' }],
          onDemand: [{ name: 'share', type: 'double', expression: 'price / spent' }],
        },
        caller,
      );
      await wing.features.materialize(latest, caller);
      await wing.features.materialize({ name: 'cities', version: '1' }, caller);
      const service = { name: 'pricing', version: '1' };
      const asked = { ...service, entities: [{ customer: 1 }, { customer: 7 }], request: [{ price: 5 }] };
      const at = Date.UTC(2025, 11, 30);
      expect(await wing.features.lookupService(asked, caller)).toEqual({
        service: 'pricing@1',
        features: ['spent', 'town', 'share'],
        rows: [
          {
            values: [10, 'Bonn', 0.5],
            statuses: ['PRESENT', 'PRESENT', 'PRESENT'],
            eventTimes: [at, at, null],
          },
          {
            values: [null, null, null],
            statuses: ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'],
            eventTimes: [null, null, null],
          },
        ],
      });
      const wrong = { ...asked, request: [{ price: 1 }, { price: 2 }, { price: 3 }] };
      await expect(wing.features.lookupService(wrong, caller)).rejects.toThrow(/3 rows for 2 entities/);
    });

    it('says of a feature on demand why it is null', async () => {
      const caller = await withOrders();
      await wing.features.put(
        { ...orders, name: 'cities', sql: 'select customer, happened, known, city as town from orders' },
        caller,
      );
      const onDemand = (name: string, expression: string, type: 'double' | 'text' = 'double') => ({
        ...{ name, expression, type },
      });
      await wing.features.services.put(
        {
          name: 'reasons',
          features: ['orders:amount', 'cities:town'],
          request: [{ name: 'price', type: 'double' }],
          onDemand: [
            onDemand('twice', 'amount * 2.0'),
            onDemand('more', 'twice + price'),
            onDemand('both', 'town + string(amount)', 'text'),
            onDemand('given', 'amount == null ? 0.0 : amount'),
            onDemand('half', 'price / 2.0'),
            onDemand('last', 'twice + given'),
          ],
        },
        caller,
      );
      await wing.features.materialize(latest, caller);
      const service = { name: 'reasons', version: '1' };
      const statusesOf = async (customer: number, price: number | null) => {
        const asked = { ...service, entities: [{ customer }], request: [{ price }] };
        return (await wing.features.lookupService(asked, caller)).rows[0]?.statuses.slice(2);
      };
      const [none, there, nil] = ['NOT_FOUND', 'PRESENT', 'NULL_VALUE'];
      expect(await statusesOf(7, 1)).toEqual([none, none, none, there, there, nil]);
      expect(await statusesOf(1, 1)).toEqual([there, there, nil, there, there, there]);
      expect(await statusesOf(1, null)).toEqual([there, nil, nil, there, nil, there]);
    });

    it('sees a new definition at once', async () => {
      const caller = await withOrders();
      expect(await lookUp([{ customer: 1 }], caller)).toEqual([null]);
      await wing.features.put(
        {
          ...orders,
          entity: ['city'],
          sql: "select city, happened, known, amount from orders where city <> ''",
        },
        caller,
      );
      expect(await lookUp([{ city: 'Bonn' }], caller)).toEqual([null]);
    });
  });

  describe('materializing', () => {
    it('keeps what it did, and the second time does nothing where nothing is new', async () => {
      const caller = await withOrders();
      const incremental = { ...latest, mode: 'incremental' as const };
      const one = await wing.features.materialize(incremental, caller);
      expect(one).toMatchObject({
        state: 'succeeded',
        entities: 3,
        written: 3,
        unchanged: false,
        pending: 0,
      });
      expect(await wing.features.materialize(incremental, caller)).toMatchObject({
        unchanged: true,
        written: 0,
      });
      await commit(['1,2025-12-31,2025-12-31,11,Köln', '4,2025-11-01,2025-12-31,40,Jena'], caller, 'append');
      // Changed and new entities only, the late one with an old event time included.
      expect(await wing.features.materialize(incremental, caller)).toMatchObject({ entities: 2, written: 2 });
      expect(await lookUp([{ customer: 1 }, { customer: 4 }, { customer: 2 }], caller)).toMatchObject([
        { values: { amount: 11 } },
        { values: { amount: 40 } },
        { values: { amount: 20 } },
      ]);
      expect(await wing.features.materialize(latest, caller)).toMatchObject({
        mode: 'full',
        entities: 4,
        written: 4,
      });
      const { items } = await wing.features.listMaterializations({ name: 'orders' }, caller);
      expect(items.map(({ mode, entities }) => [mode, entities])).toEqual([
        ['full', 4],
        ['incremental', 2],
        ['incremental', 0],
        ['incremental', 3],
      ]);
    });

    it('leaves out what lies ahead, and takes it when it is time', async () => {
      const caller = await withOrders({}, [
        ...first,
        '1,2200-01-01,2025-12-31,99,Bonn',
        '2,2025-12-31,2200-01-01,98,Bonn',
      ]);
      const done = await wing.features.materialize({ ...latest, mode: 'incremental' }, caller);
      expect(done).toMatchObject({ entities: 3, pending: 2 });
      expect(await lookUp([{ customer: 1 }, { customer: 2 }], caller)).toMatchObject([
        { values: { amount: 10 } },
        { values: { amount: 20 } },
      ]);
      expect(await wing.features.materialize({ ...latest, mode: 'incremental' }, caller)).toMatchObject({
        unchanged: false,
        entities: 0,
      });
    });

    it('picks of equal events the one created last, to the microsecond', async () => {
      const rows = [
        '1,2025-12-30T00:00:00.000001,2025-12-30,1,a',
        '1,2025-12-30T00:00:00.000002,2025-12-30,2,b',
        '1,2025-12-30T00:00:00.000002,2025-12-31,3,c',
      ];
      const caller = await withOrders({}, rows);
      await wing.features.materialize(latest, caller);
      expect(await lookUp([{ customer: 1 }], caller)).toMatchObject([{ values: { amount: 3 } }]);
      await commit(rows.slice(0, 1), caller);
      expect(await wing.features.materialize(latest, caller)).toMatchObject({ entities: 1, written: 0 });
    });

    it('happens by itself when a dataset has a new version', async () => {
      const caller = await withOrders({ online: { materialize: { onDatasetVersion: true } } });
      await commit(['5,2025-12-31,2025-12-31,50,Kiel'], caller, 'append');
      const rows = await until(
        () => lookUp([{ customer: 5 }], caller),
        ([row]) => row !== null,
      );
      expect(rows).toMatchObject([{ values: { city: 'Kiel' } }]);
      const { items } = await wing.features.listMaterializations({ name: 'orders' }, caller);
      expect(items[0]).toMatchObject({
        trigger: 'dataset-version',
        mode: 'incremental',
        createdBy: 'system:features',
      });
    });

    it('is refused a schedule that is none', async () => {
      const caller = await withOrders();
      const online = { materialize: { schedule: 'at noon' } };
      await expect(wing.features.put({ ...orders, online }, caller)).rejects.toThrow(
        /'at noon' is no cron pattern/,
      );
      await wing.features.put({ ...orders, online: { materialize: { schedule: '0 6 * * *' } } }, caller);
    });

    it('is told while it runs, and can be left to itself or stopped', async () => {
      const caller = await withOrders();
      const begun = await wing.features.materialize({ ...latest, wait: false }, caller);
      expect(['queued', 'running', 'succeeded']).toContain(begun.state);
      const ended = await until(
        () => wing.features.getMaterialization({ id: begun.id }, caller),
        (one: Materialization) => one.finishedAt !== null,
      );
      expect(ended).toMatchObject({ state: 'succeeded', view: 'orders@1' });
      expect(await wing.features.cancelMaterialization({ id: begun.id }, caller)).toMatchObject({
        state: 'succeeded',
      });
      await expect(wing.features.getMaterialization({ id: begun.id }, callerIn('elsewhere'))).rejects.toThrow(
        /no materialization/,
      );
    });

    it('that fails says so in its record, and in the error', async () => {
      const caller = await withOrders();
      await wing.datasets.commit(
        {
          name: 'orders',
          format: 'csv',
          content: Buffer.from('customer,happened,known\n1,2025-12-30,2025-12-30\n'),
        },
        caller,
      );
      await expect(wing.features.materialize(latest, caller)).rejects.toMatchObject({
        code: 'featureViewBroken',
      });
      const { items } = await wing.features.listMaterializations({ name: 'orders' }, caller);
      expect(items[0]).toMatchObject({ state: 'failed', error: expect.stringMatching(/amount/) });
    });
  });

  describe('a push', () => {
    const stream = {
      dataset: 'clicks',
      columns: [
        { name: 'customer', type: 'integer' as const },
        { name: 'at', type: 'timestamp' as const },
        { name: 'known', type: 'timestamp' as const },
        { name: 'clicks', type: 'integer' as const },
        { name: 'page', type: 'text' as const },
      ],
    };
    const view = { name: 'clicks', stream, entity: ['customer'], eventTime: 'at', createdTime: 'known' };
    async function withClicks() {
      const caller = callerIn(`o${workspaces++}`);
      await wing.features.put(view, caller);
      return caller;
    }
    const clicks = { name: 'clicks', version: '1' };
    const row = { customer: 1, at: '2025-12-31T10:00:00.000001Z', clicks: 3, page: 'home' };
    const rowsOf = async (caller: Caller) => {
      const { content } = await wing.datasets.read(
        { name: 'clicks', version: 'latest', format: 'json' },
        caller,
      );
      return JSON.parse(await textOf(content)) as Record<string, unknown>[];
    };

    it('is looked up at once, appended in one version, and read back by materializing', async () => {
      const caller = await withClicks();
      const reply = await wing.features.push(
        { ...clicks, rows: [row, { ...row, customer: 2, page: null }], to: 'online_and_offline' },
        caller,
      );
      expect(reply).toMatchObject({
        rows: 2,
        online: { written: 2 },
        offline: { version: 'clicks@2', repeated: false },
      });
      const asked = { ...clicks, entities: [{ customer: 1 }, { customer: 2 }] };
      const pushed = await wing.features.lookup(asked, caller);
      expect(pushed.rows).toMatchObject([
        { values: { clicks: 3, page: 'home' } },
        { statuses: { page: 'NULL_VALUE' } },
      ]);
      expect(await rowsOf(caller)).toMatchObject([row, { customer: 2, page: null }]);
      await wing.features.materialize(clicks, caller);
      expect(await wing.features.lookup(asked, caller)).toEqual(pushed);
    });

    it('takes days, times and offsets in one column, online and offline the same instants', async () => {
      const caller = await withClicks();
      const times = ['2024-03-01', '2024-03-01T10:00:00.000001Z', '2024-03-01T12:00:00+01:00'];
      const rows = times.map((time, i) => ({ ...row, customer: i, at: time }));
      const { notices } = await wing.features.push({ ...clicks, rows, to: 'online_and_offline' }, caller);
      expect(notices).toEqual([]);
      const entities = rows.map(({ customer }) => ({ customer }));
      const pushed = await wing.features.lookup({ ...clicks, entities }, caller);
      await wing.features.materialize(clicks, caller);
      expect(await wing.features.lookup({ ...clicks, entities }, caller)).toEqual(pushed);
      expect(await rowsOf(caller)).toHaveLength(3);
    });

    it('says which times had no zone, and which events would count again', async () => {
      const caller = await withClicks();
      const rows = [row, { ...row, at: '2025-12-31 10:00' }, { ...row, at: '2025-12-31T10:00:01.5' }];
      const pushed = await wing.features.push({ ...clicks, rows }, caller);
      expect(pushed.notices).toEqual([
        expect.stringMatching(/^2 of 3 times in 'at' have no zone and were read as UTC; send /) as string,
      ]);
      const aggregations = [{ function: 'count' as const, column: '*', window: '1h' }];
      const events = { ...view, name: 'events', createdTime: undefined, aggregations };
      await wing.features.put(events, caller);
      const push = { name: 'events', version: '1', rows: [row] };
      const noticesOf = async (change: object) =>
        (await wing.features.push({ ...push, ...change }, caller)).notices;
      expect(await noticesOf({})).toEqual([
        expect.stringMatching(/'events@1' has no createdTime.* count again\. Give the push a key/) as string,
      ]);
      expect(await noticesOf({ key: 'till 7' })).toEqual([]);
      expect(await noticesOf({ to: 'online_and_offline' })).toEqual([]);
    });

    it('sent again with its key is appended once, also at the same time', async () => {
      const caller = await withClicks();
      const push = { ...clicks, rows: [row], to: 'offline' as const, key: 'batch 7' };
      const replies = await Promise.all(Array.from({ length: 5 }, () => wing.features.push(push, caller)));
      expect(replies.filter(({ offline }) => !offline?.repeated)).toHaveLength(1);
      expect(await wing.features.push(push, caller)).toMatchObject({
        offline: { version: 'clicks@2', repeated: true },
      });
      expect(await rowsOf(caller)).toHaveLength(1);
    });

    it('at the same time as others becomes few versions, and none is lost', async () => {
      const caller = await withClicks();
      await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          wing.features.push({ ...clicks, rows: [{ ...row, customer: n }], to: 'offline' }, caller),
        ),
      );
      expect(await rowsOf(caller)).toHaveLength(30);
      const { items } = await wing.datasets.listVersions({ name: 'clicks' }, caller);
      expect(items.length).toBeLessThan(10);
    });

    it('that comes late does not overwrite what is newer', async () => {
      const caller = await withClicks();
      await wing.features.push({ ...clicks, rows: [row] }, caller);
      const late = { ...row, at: '2025-12-31T10:00:00.000000Z', clicks: 1 };
      expect(await wing.features.push({ ...clicks, rows: [late] }, caller)).toMatchObject({
        online: { written: 0 },
      });
      expect(await wing.features.lookup({ ...clicks, entities: [{ customer: 1 }] }, caller)).toMatchObject({
        rows: [{ values: { clicks: 3 } }],
      });
    });

    it.each([
      ['an unknown column', { colour: 'red' }, /row 2, column 'colour' is not one of the view's/],
      ['a wrong type', { clicks: 'many' }, /row 2, column 'clicks' is "many", not a whole number/],
      ['no key', { customer: null }, /row 2, column 'customer' is missing/],
      ['no time', { at: undefined }, /row 2, column 'at' is missing/],
      ['a time that is none', { at: 'noon' }, /row 2, column 'at' is "noon", not an ISO time/],
      ['a time ahead', { at: '2200-01-01T00:00:00Z' }, /row 2, column 'at' .*future/],
    ])('with %s is refused as a whole', async (_, change, message) => {
      const caller = await withClicks();
      const rows = [row, { ...row, customer: 2, ...change }];
      await expect(wing.features.push({ ...clicks, rows, to: 'online_and_offline' }, caller)).rejects.toThrow(
        message,
      );
      expect(await wing.features.lookup({ ...clicks, entities: [{ customer: 1 }] }, caller)).toEqual({
        rows: [null],
      });
      expect(await rowsOf(caller)).toEqual([]);
    });

    it('to a view that has no dataset for it goes online only', async () => {
      const caller = await withOrders();
      const rows = [{ customer: 1, happened: '2025-12-31', amount: 1, city: 'Bonn' }];
      await expect(wing.features.push({ ...latest, rows, to: 'offline' }, caller)).rejects.toMatchObject({
        code: 'pushNotOffline',
      });
      expect(await wing.features.push({ ...latest, rows }, caller)).toMatchObject({
        online: { written: 1 },
        offline: null,
      });
    });
  });

  it('brings a view online by its schedule, once for all that was missed, and never while paused', async () => {
    const caller = await withOrders({ online: { materialize: { schedule: '0 6 * * *' } } });
    const runs = async () => (await wing.features.listMaterializations({ name: 'orders' }, caller)).items;
    const scheduled = async () => {
      const { items } = await wing.tasks.list({ workspace: caller.workspace, kind: 'feature-schedule' });
      return items[0]?.state;
    };
    await until(scheduled, (state) => state === 'waiting');
    expect(await runs()).toEqual([]);
    wing.skip(3 * 86_400_000);
    const [run, ...others] = await until(runs, (items) => items.some(({ state }) => state === 'succeeded'));
    expect(run).toMatchObject({ trigger: 'schedule', mode: 'incremental', written: 3 });
    expect(others).toEqual([]);
    await wing.tasks.pause(wing.db, 'test');
    wing.skip(86_400_000);
    await wing.features.materialize(latest, caller);
    expect((await runs()).map(({ trigger }) => trigger)).toEqual(['request', 'schedule']);
    await wing.tasks.pause(wing.db, null);
    await until(runs, (items) => items.filter(({ trigger }) => trigger === 'schedule').length === 2);
  });
});
