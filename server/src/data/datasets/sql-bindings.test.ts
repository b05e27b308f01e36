import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { createBinder } from './sql-bindings.ts';
import { tablesIn } from './sql-tables.ts';

let analytics: Analytics;
beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(() => analytics.close());

async function tables(sql: string): Promise<string[]> {
  const { rows } = await analytics.query({
    sql: 'select cast(json_serialize_sql(cast($1 as varchar)) as varchar) as tree',
    parameters: [sql],
  });
  return tablesIn('the view', sql, String(rows[0]?.tree));
}

describe('the tables a select reads', () => {
  it.each([
    ['from prices', ['prices']],
    ['select * from Prices p join "splits@3" s using (symbol)', ['prices', 'splits@3']],
    [
      'select (select max(x) from a) from b where y in (select y from c) union all select 1 from d',
      ['a', 'b', 'c', 'd'],
    ],
    ['select * from b, lateral (select * from a where a.x = b.x)', ['a', 'b']],
    ['select 1', []],
    ['select * from range(10)', []],
    ["select 'from nope' as text -- from nope", []],
  ])('%s', async (sql, expected) => expect(await tables(sql)).toEqual(expected));

  it.each([
    ['with p as (from prices) select * from p, P as q', ['prices']],
    ['with prices as (select * from prices) select * from prices', ['prices']],
    ['with a as (from x), b as (from a) select * from b', ['x']],
    ['with b as (from a), a as (from x) select * from b', ['a', 'x']],
    [
      'with recursive r as (select 1 as n union all select n + 1 from r where n < (select max(n) from top)) from r',
      ['top'],
    ],
    ['select * from (with p as (from a) from p) join p using (x)', ['a', 'p']],
  ])('without names of its own: %s', async (sql, expected) => expect(await tables(sql)).toEqual(expected));

  it.each([
    ['insert into a select 1', /it is no SELECT/],
    ['select 1; select 2', /holds 2 statements/],
    ['select from', /the view cannot be used/],
    ['select * from information_schema.tables', /has a dot/],
    ['select customer, at from a', /'at' is a word of SQL: .*"at"/],
    ["select 'é 😀', end from a", /'end' is a word of SQL/],
    ['select x from a order by limit', /'limit' is a word of SQL/],
    ['select x from a where at > now()', /'at' is a word of SQL/],
    ['selct x from a', /near "selct"\. Write/],
  ])('are none for %s', async (sql, message) => {
    await expect(tables(sql)).rejects.toThrow(message);
  });
});

describe('a binder', () => {
  it('gives one name one version, also to selects that are bound at the same time', async () => {
    let latest = 0;
    const datasets = {
      resolve: async () => {
        latest += 1;
        return { reference: `prices@${latest}` };
      },
      source: async () => ({ paths: [] }),
    } as unknown as Parameters<typeof createBinder>[0]['datasets'];
    const binder = createBinder({ analytics, datasets }, 'default');
    await Promise.all([1, 2, 3].map((i) => binder.bind(`view ${i}`, 'from prices')));
    expect(binder.resolved()).toEqual({ prices: 'prices@1' });
    expect(latest).toBe(1);
  });
});
