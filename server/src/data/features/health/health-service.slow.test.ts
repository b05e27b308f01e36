import type { FeatureHealth } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../base/caller.ts';
import { callerIn, createDataWing, type DataWing } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';

let wing: DataWing;
let workspaces = 0;
const latest = { name: 'orders', version: 'latest' };
const orders = {
  name: 'orders',
  sql: 'select customer, happened, known, amount, city from orders',
  entity: ['customer'],
  eventTime: 'happened',
  createdTime: 'known',
};
const first = [
  '1,2025-12-30,2025-12-30,10.5,Bonn',
  '2,2025-12-01,2025-12-01,20,',
  '3,2025-12-31,2025-12-31,30,Ulm',
];

describeEachDatabase('health of a view', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
    await wing.events.start();
  });
  afterAll(async () => {
    await wing.events.stop();
    await wing.close();
  });

  const commit = (rows: readonly string[], caller: Caller) =>
    wing.datasets.commit(
      {
        name: 'orders',
        format: 'csv',
        content: Buffer.from(`customer,happened,known,amount,city\n${rows.join('\n')}\n`),
      },
      caller,
    );
  async function withOrders(change: object = {}, rows: readonly string[] = first) {
    const caller = callerIn(`h${workspaces++}`);
    await commit(rows, caller);
    const view = await wing.features.put({ ...orders, ...change }, caller);
    return { caller, view, online: `${caller.workspace}/${view.reference}` };
  }
  const measure = (caller: Caller, options: object = {}): Promise<FeatureHealth> =>
    wing.features.health({ ...latest, ...options }, caller);
  const day = (n: number) => Date.UTC(2025, 11, n);

  describe('parity', () => {
    it('is unknown while nothing is online, and holds after a materialization', async () => {
      const { caller } = await withOrders();
      expect((await measure(caller)).parity).toBe(null);
      await wing.features.materialize(latest, caller);
      expect(await measure(caller)).toMatchObject({
        view: 'orders@1',
        versions: ['orders@1'],
        rows: 3,
        entities: 3,
        parity: { sampled: 3, matched: 3, wrong: 0, behind: 0, ahead: 0, mismatches: [] },
        materialization: { bindings: { orders: 'orders@1' } },
      });
    });

    it('names the value that somebody wrote into the online store', async () => {
      const { caller, online } = await withOrders();
      await wing.features.materialize(latest, caller);
      await wing.online.write(online, [
        { key: '[1]', eventTime: day(30) * 1000, values: '[10.50001,"Bonn"]' },
      ]);
      const { parity } = await measure(caller);
      expect(parity).toMatchObject({ sampled: 3, matched: 2, wrong: 1, behind: 0 });
      expect(parity?.mismatches).toEqual([
        {
          entity: { customer: 1 },
          feature: 'amount',
          online: 10.50001,
          offline: 10.5,
          onlineEventTime: day(30),
          offlineEventTime: day(30),
          cause: 'unknown',
          text: expect.stringContaining('no materialization wrote this'),
        },
      ]);
    });

    it('tells what is only behind from what is wrong, and since which version', async () => {
      const { caller, online } = await withOrders();
      await wing.features.materialize(latest, caller);
      // One event corrected, one new; the wrong value of the third is no matter of being behind.
      await commit([...first, '1,2025-12-30,2025-12-31,11,Bonn', '2,2025-12-31,2025-12-31,21,Köln'], caller);
      await wing.online.write(online, [{ key: '[3]', eventTime: day(31) * 1000, values: '[30,"Trier"]' }]);
      const { parity, freshness } = await measure(caller);
      expect(parity).toMatchObject({ sampled: 3, matched: 0, wrong: 1, behind: 2 });
      expect(
        parity?.mismatches.map(({ entity, feature, cause }) => [entity.customer, feature, cause]),
      ).toEqual([
        [3, 'city', 'unknown'],
        [1, 'amount', 'not-materialized'],
        [2, null, 'not-materialized'],
      ]);
      expect(parity?.mismatches[1]?.text).toContain('not materialized since orders@2');
      expect(freshness).toMatchObject({ objective: null, met: null });
      await wing.features.materialize(latest, caller);
      // Of equal event times the materialization's value wins: the wrong one is mended.
      expect((await measure(caller)).parity).toMatchObject({ matched: 3, wrong: 0, behind: 0 });
    });

    it('calls a push ahead of offline no mismatch', async () => {
      const { caller } = await withOrders();
      await wing.features.materialize(latest, caller);
      const row = { customer: 1, happened: '2025-12-31T10:00:00Z', amount: 12, city: 'Bonn' };
      await wing.features.push({ ...latest, rows: [row] }, caller);
      expect((await measure(caller)).parity).toMatchObject({ sampled: 3, matched: 2, ahead: 1, wrong: 0 });
    });

    it('holds what was pushed against what was appended, texts of times and floats included', async () => {
      const caller = callerIn(`h${workspaces++}`);
      const columns = [
        { name: 'customer', type: 'text' as const },
        { name: 'at', type: 'timestamp' as const },
        { name: 'paid', type: 'timestamp' as const },
        { name: 'ratio', type: 'double' as const },
      ];
      await wing.features.put(
        { name: 'orders', entity: ['customer'], eventTime: 'at', stream: { dataset: 'pushed', columns } },
        caller,
      );
      const rows = [
        {
          customer: 'a"b',
          at: '2025-12-31T10:00:00.000001Z',
          paid: '2025-12-31T11:00:00+01:00',
          ratio: 1e-7,
        },
        { customer: 'c', at: '2025-12-31T00:00:00+00:00', paid: '2025-12-31T10:00:00.5', ratio: 1e21 },
      ];
      await wing.features.push({ ...latest, rows, to: 'online_and_offline' }, caller);
      expect((await measure(caller)).parity).toMatchObject({ sampled: 2, matched: 2, mismatches: [] });
    });

    it('does not ask for what is too old to be served', async () => {
      const { caller } = await withOrders({ ttl: '7d' });
      await wing.features.materialize(latest, caller);
      await commit([...first, '2,2025-12-02,2025-12-02,99,Bonn'], caller);
      expect((await measure(caller)).parity).toMatchObject({ matched: 3, wrong: 0, behind: 0 });
    });

    it('takes the same entities for the same seed, and never more than asked for', async () => {
      const many = Array.from({ length: 500 }, (_, i) => `${i},2025-12-30,2025-12-30,${i},x`);
      const { caller, online } = await withOrders({}, many);
      await wing.features.materialize(latest, caller);
      const rows = Array.from({ length: 500 }, (_, i) => ({
        key: `[${i}]`,
        eventTime: day(30) * 1000,
        values: '[-1,"x"]',
      }));
      await wing.online.write(online, rows);
      const entities = async (seed: number) => {
        const { parity } = await measure(caller, { sample: 40, seed });
        expect(parity?.sampled).toBeLessThanOrEqual(40);
        return parity?.mismatches.map(({ entity }) => entity.customer);
      };
      const [one, again, other] = [await entities(1), await entities(1), await entities(2)];
      expect(again).toEqual(one);
      expect(other).not.toEqual(one);
    });
  });

  describe('freshness', () => {
    it('says whether the objective is met, and why not', async () => {
      const atNight = first.map((row) => row.replaceAll(/(2025-\d\d-\d\d)/g, '$1T00:00:00'));
      const { caller } = await withOrders({ freshness: '12h' }, atNight);
      const fresh = (await measure(caller)).freshness;
      expect(fresh).toMatchObject({ objective: '12h', online: null, met: false });
      expect(fresh.text).toMatch(
        /newest event offline is 1d old, its objective is 12h: no newer event has come into orders@1/,
      );
      await wing.features.materialize(latest, caller);
      await commit([...atNight, '1,2025-12-31T23:00:00,2025-12-31T23:00:00,1,Bonn'], caller);
      expect((await measure(caller)).freshness.text).toMatch(
        /newest event online is 1d old, .* not materialized since orders@2; orders@2 has an event 1h old/,
      );
      await wing.features.materialize(latest, caller);
      expect((await measure(caller)).freshness).toMatchObject({
        met: true,
        online: { eventTime: Date.UTC(2025, 11, 31, 23) },
      });
    });

    it('knows of pushes, and gives a new view its time', async () => {
      const caller = callerIn(`h${workspaces++}`);
      const columns = [
        { name: 'customer', type: 'integer' as const },
        { name: 'at', type: 'timestamp' as const },
        { name: 'amount', type: 'double' as const },
      ];
      await wing.features.put(
        {
          name: 'orders',
          entity: ['customer'],
          eventTime: 'at',
          freshness: '1h',
          stream: { dataset: 'clicks', columns },
        },
        caller,
      );
      expect((await measure(caller)).freshness).toMatchObject({ met: true, online: null, offline: null });
      await wing.features.push(
        { ...latest, rows: [{ customer: 7, at: '2025-12-31T23:30:00Z', amount: 1 }] },
        caller,
      );
      expect((await measure(caller)).freshness).toMatchObject({
        met: true,
        online: { eventTime: Date.UTC(2025, 11, 31, 23, 30) },
      });
    });
  });

  describe('features', () => {
    it('have null rates online and offline, and the last measurement is kept', async () => {
      const { caller } = await withOrders();
      await wing.features.materialize(latest, caller);
      const measured = await measure(caller);
      expect(measured.features).toMatchObject([
        {
          name: 'amount',
          offline: { rows: 3, nulls: 0, rate: 0 },
          online: { rows: 3, nulls: 0, rate: 0 },
          drift: null,
        },
        { name: 'city', offline: { rows: 3, nulls: 1 }, online: { rows: 3, nulls: 1 } },
      ]);
      expect(await measure(caller, { kept: true })).toEqual(measured);
      await wing.features.delete({ name: 'orders' }, caller);
      await expect(measure(caller, { kept: true })).rejects.toMatchObject({ code: 'featureViewNotFound' });
    });

    /** The newest so many have moved. */
    const moving = (length: number, moved: number) =>
      Array.from({ length }, (_, i) => {
        const at = new Date(Date.UTC(2025, 0, 1) + (i * 3_600_000_000) / length).toISOString().slice(0, 19);
        const isNew = i >= length - moved;
        return `${i % 10},${at},${at},${((i * 7919) % 1000) + (isNew ? 600 : 0)},${['a', 'b', 'c'][(i * 31) % 3]}`;
      });

    it('that have moved drift, of many earlier rows by a sample', async () => {
      const { caller } = await withOrders({}, moving(12_000, 500));
      const [amount] = (await measure(caller)).features;
      expect(amount?.drift).toMatchObject({ breached: true, rows: 500, referenceRows: 10_000 });
    });

    it('that have moved drift, the others do not', async () => {
      const rows = moving(1000, 100);
      const { caller } = await withOrders({}, rows);
      const { features, driftReference } = await measure(caller);
      expect(driftReference).toBe('earlier rows');
      expect(features).toMatchObject([
        { name: 'amount', drift: { statistic: 'ks', breached: true, rows: 100, referenceRows: 900 } },
        { name: 'city', drift: { statistic: 'chi-square', breached: false } },
      ]);
      await commit(rows.slice(850), caller);
      const against = await measure(caller, { reference: 'orders@1' });
      expect(against).toMatchObject({ driftReference: 'orders@1', versions: ['orders@2'] });
    });
  });
});
