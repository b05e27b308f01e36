import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { isRowWise } from './row-wise.ts';

let analytics: Analytics;
beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(() => analytics.close());

it.each([
  'select * from prices',
  'select symbol, cast(date as timestamp) as event_time, close * 2 + abs(low) as x from "prices@3" where close > 1 and symbol is not null',
  "select case when a in (1, 2) then upper(b) else 'x' end as c from (select * from t) s",
  'with s as (select a, b from t) select a from s',
  'select * from a union all select * from b',
])('%s is row by row', async (sql) => {
  expect(await isRowWise(analytics, sql)).toBe(true);
});

it.each([
  'select symbol, sum(close) from prices group by symbol',
  'select avg(close) as mean from prices',
  'select lag(close) over (partition by symbol order by date) from prices',
  'select symbol from prices group by all',
  'select distinct symbol from prices',
  'select * from prices order by date',
  'select * from prices limit 10',
  'select * from prices using sample 10%',
  'select * from a join b using (k)',
  'select random() as r, * from prices',
  'select (select max(x) from b) as m from a',
  'select * from a where x in (select x from b)',
  'select * from prices qualify row_number() over (partition by symbol) = 1',
  'with s as (select sum(a) as a from t) select a from s',
  'select * from range(10)',
  'from prices select unnest([1, 2]) as x',
  'not SQL at all',
])('%s is not', async (sql) => {
  expect(await isRowWise(analytics, sql)).toBe(false);
});
