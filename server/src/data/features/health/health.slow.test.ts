import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../../base/statistics/random.ts';
import { callerIn, createDataWing, type DataWing } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';

let wing: DataWing;
const latest = { name: 'orders', version: 'latest' };

describeEachDatabase('health of a view that is written to', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
    await wing.events.start();
  });
  afterAll(async () => {
    await wing.events.stop();
    await wing.close();
  });

  test('commits, corrections, materializations and pushes at any moment are no wrong values', async () => {
    const caller = callerIn('busy');
    const random = createRandom(11);
    const entities = 30;
    const iso = (minute: number) =>
      new Date(Date.UTC(2025, 11, 1) + minute * 60_000).toISOString().slice(0, 19);
    const rows: string[] = [];
    const add = (minute: number) => {
      const known = minute + random.integer(5);
      rows.push(`${random.integer(entities)},${iso(minute)},${iso(known)},${random.next()}`);
    };
    const commit = () =>
      wing.datasets.commit(
        {
          name: 'orders',
          format: 'csv',
          content: Buffer.from(`customer,happened,known,amount\n${rows.join('\n')}\n`),
        },
        caller,
      );
    for (let i = 0; i < 100; i += 1) add(i);
    await commit();
    const sql = 'select customer, happened, known, amount from orders';
    await wing.features.put(
      { name: 'orders', sql, entity: ['customer'], eventTime: 'happened', createdTime: 'known' },
      caller,
    );
    await wing.features.materialize(latest, caller);
    const totals = { sampled: 0, matched: 0, behind: 0, ahead: 0, changing: 0 };
    for (let round = 0; round < 12; round += 1) {
      for (let i = 0; i < 5; i += 1) add(random.integer(100 + round));
      const push = {
        customer: random.integer(entities),
        happened: iso(200 + round),
        known: iso(200 + round),
        amount: 1,
      };
      const writing = Promise.all([
        commit().then(() => wing.features.materialize({ ...latest, mode: 'incremental' }, caller)),
        wing.features.materialize(latest, caller),
        round % 3 === 0 ? wing.features.push({ ...latest, rows: [push] }, caller) : null,
      ]);
      const measured = await Promise.all(
        [1, 2, 3].map((seed) => wing.features.health({ ...latest, seed }, caller)),
      );
      await writing;
      for (const { parity } of measured) {
        expect(
          parity?.mismatches.filter(({ cause }) => cause !== 'not-materialized' && cause !== 'pushed'),
        ).toEqual([]);
        expect(parity?.wrong).toBe(0);
        for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += parity?.[key] ?? 0;
      }
    }
    // Nothing is lost on the way, and most could be judged.
    const { sampled, ...parts } = totals;
    expect(Object.values(parts).reduce((sum, count) => sum + count, 0)).toBe(sampled);
    expect(totals.matched).toBeGreaterThan(sampled / 2);
    const { parity } = await wing.features.health(latest, caller);
    expect(parity).toMatchObject({ wrong: 0, behind: 0, changing: 0 });
  }, 120_000);
});
