import type { Aggregation } from '@tidemill/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { ExactSums } from '../../base/statistics/exact-sums.ts';
import { joinWindows } from './window-join.ts';

let analytics: Analytics;

beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(() => analytics.close());

const second = 1_000_000;
const windows = { '1h': 3600 * second, '2h': 7200 * second };
const aggregations: Aggregation[] = Object.keys(windows).flatMap((window) => [
  { name: `sum_x_${window}`, function: 'sum' as const, column: 'x', window },
  ...(['mean', 'std'] as const).flatMap((how) =>
    ['x', 'n'].map((column) => ({ name: `${how}_${column}_${window}`, function: how, column, window })),
  ),
]);
const features = aggregations.map(({ name = '' }) => ({ name, as: name }));

interface Event {
  readonly key: number;
  readonly at: number;
  readonly late: number;
  readonly x: number | null;
  readonly n: bigint | null;
}

const someTime = fc
  .nat({ max: 4 })
  .chain((hour) => fc.nat({ max: 3 }).map((off) => hour * windows['1h'] + off));
const someDouble = fc.oneof(
  fc.integer({ min: -30, max: 30 }).map((x) => x / 10 + 0),
  fc.constantFrom(1e16, -1e16, 1e9 + 0.1, 1e300, 1e-300),
);
const someEvent: fc.Arbitrary<Event> = fc.record({
  key: fc.integer({ min: 1, max: 2 }),
  at: someTime,
  late: fc.constantFrom(0, 0, 0, 1, windows['1h']),
  x: fc.option(someDouble, { freq: 6 }),
  n: fc.option(fc.oneof(fc.bigInt(-9n, 9n), fc.constantFrom(2n ** 62n, -(2n ** 62n) - 1n)), { freq: 6 }),
});

/** The later a time the less a number holds of it: years that no one number of microseconds reaches. */
const start = 250_000_000_000_000_000n;
const timestamp = (at: number): string => `make_timestamp(${start + BigInt(at)})`;

async function joined(
  events: readonly Event[],
  rows: readonly { key: number; at: number }[],
  threads: number,
) {
  const given = events.map(
    ({ key, at, late, x, n }) =>
      `select ${key} as key, ${timestamp(at)} as at, ${timestamp(at + late)} as known,
        cast(${x === null ? null : `'${x}'`} as double) as x, cast(${n === null ? null : `'${n}'`} as bigint) as n`,
  );
  return analytics.sealed({ tables: {}, threads }, async (engine) => {
    const asked = rows.map(
      ({ key, at }, i) => `select ${i} as tm__row, ${timestamp(at)} as tm__time, ${key} as key`,
    );
    await engine.run(`create temp table _rows as ${asked.join(' union all ')}`);
    const inputs = [
      { name: 'x', type: 'double' as const },
      { name: 'n', type: 'integer' as const },
    ];
    const view = { keys: ['key'], eventTime: 'at', createdTime: 'known', aggregations, inputs, features };
    const rules = { bitemporal: true, asOf: null };
    await joinWindows(engine, view, await engine.select(given.join(' union all ')), rules);
    const found = await engine.query('select * exclude (tm__row, tm__time, key) from _rows order by tm__row');
    return found.rows;
  });
}

function expectedOf(events: readonly Event[], row: { key: number; at: number }) {
  return Object.fromEntries(
    aggregations.map(({ name = '', function: how, column, window }) => {
      const since = row.at - windows[window as keyof typeof windows];
      const sums = new ExactSums({ squares: true });
      for (const { key, at, late, x, n } of events) {
        const value = column === 'x' ? x : n;
        if (key !== row.key || at <= since || at + late > row.at || value === null) continue;
        sums.add(Number(value), typeof value === 'bigint' ? Number(value - BigInt(Number(value))) : 0);
      }
      const found = how === 'sum' ? sums.sum() : how === 'mean' ? sums.mean() : sums.deviation();
      return [name, found];
    }),
  );
}

describe('sums, means and deviations of windows', () => {
  it('are the exact ones, whatever the order of rows, the threads and the events outside', async () => {
    const someEvents = fc
      .uniqueArray(someEvent, { maxLength: 40, selector: ({ key, at }) => `${key} ${at}` })
      .filter((events) => events.length > 0);
    const someRows = fc.array(fc.record({ key: fc.integer({ min: 1, max: 3 }), at: someTime }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(someEvents, someRows, async (events, rows) => {
        const expected = rows.map((row) => expectedOf(events, row));
        expect(await joined(events, rows, 1)).toEqual(expected);
        expect(await joined(events.toReversed(), rows, 2)).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });
});
