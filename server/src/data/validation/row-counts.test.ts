import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column, Expectation } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { checkTable } from './table-check.ts';

const columns: Column[] = [{ name: 'd', type: 'double' }];
const unique: Expectation = { kind: 'unique', column: 'd' };

let analytics: Analytics;
let folder: string;
beforeAll(async () => {
  analytics = await openDuckdb();
  folder = await mkdtemp(join(tmpdir(), 'tidemill-counts-'));
});
afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true, force: true });
});

const literal = (value: number | null): string => (value === null ? 'null' : `'${value}'`);

async function tableOf(name: string, values: readonly (number | null)[]): Promise<TableSource> {
  const to = join(folder, `${name}.parquet`);
  const list = values.map((value) => (Object.is(value, -0) ? "'-0'" : literal(value))).join(', ');
  await analytics.copy({ sql: `select cast(unnest([${list}]) as double) as d`, to });
  return { paths: [to] };
}

/** What is found, and how many of the statements group by the key. */
async function check(table: TableSource, expectations: readonly Expectation[]) {
  const asked: string[] = [];
  const watched: Pick<Analytics, 'query' | 'sandboxedQuery'> = {
    query: (request) => {
      asked.push(request.sql);
      return analytics.query(request);
    },
    sandboxedQuery: analytics.sandboxedQuery,
  };
  const outcomes = await checkTable(watched, expectations, {
    name: 'table',
    table,
    columns,
    now: 0,
    rowsBefore: null,
    judgeDistribution: async () => ({ passed: true }),
  });
  const groups = asked.filter((sql) => sql.includes('group by')).length;
  const found = outcomes.map(({ passed, rows, unexpected, observed }) => ({
    passed,
    rows,
    unexpected,
    observed,
  }));
  return { found, groups, outcomes };
}

const count = 20_000;
const rising = Array.from({ length: count }, (_, i) => i - 100.5);
const replaced = (place: number, value: number | null) => rising.map((one, i) => (i === place ? value : one));

test.each([
  ['rising', rising, 0],
  ['falling', rising.toReversed(), 0],
  ['rising with a gap', replaced(5_000, null), 1],
  ['of one value', [7], 0],
] as const)('no table of keys is built for a column that is %s', async (name, values, missing) => {
  const { found, groups } = await check(await tableOf(name, values), [unique]);
  const outcome = { passed: true, rows: values.length - missing, unexpected: 0, observed: null };
  expect({ found, groups }).toEqual({ found: [outcome], groups: 0 });
});

test.each([
  ['near the top', 50],
  ['behind the rows that are looked at first', 19_000],
])('a value that occurs twice, %s, is found', async (name, place) => {
  const { found, groups, outcomes } = await check(await tableOf(name, replaced(place, rising[0] ?? 0)), [
    unique,
  ]);
  expect(found).toEqual([{ passed: false, rows: count, unexpected: 2, observed: null }]);
  expect(groups).toBeGreaterThan(0);
  expect(outcomes[0]?.sample.map((one) => one.row)).toEqual([1, place + 1]);
});

test('values in no order that are all different are as expected', async () => {
  const shuffled = rising.map((_, i) => (i * 7_919) % count);
  const { found } = await check(await tableOf('shuffled', shuffled), [unique]);
  expect(found).toEqual([{ passed: true, rows: count, unexpected: 0, observed: null }]);
});

test('zero and minus zero are one value, and NaN is one', async () => {
  const expectations: Expectation[] = [unique, { kind: 'distinctCountBetween', column: 'd', min: 3, max: 3 }];
  const { found } = await check(await tableOf('zeros', [-0.0, 0, Number.NaN, Number.NaN, 1]), expectations);
  expect(found.map(({ unexpected, observed }) => unexpected ?? observed)).toEqual([4, 3]);
});

test('where no end is above, NaN alone is out of range, and infinity is not', async () => {
  const table = await tableOf('infinities', [1, Number.POSITIVE_INFINITY, Number.NaN, -1]);
  const { found } = await check(table, [
    { kind: 'between', column: 'd', min: 0 },
    { kind: 'between', column: 'd', max: 5 },
  ]);
  expect(found.map(({ unexpected }) => unexpected)).toEqual([2, 2]);
});

test('how many values differ, and their share, are figures also where there is none', async () => {
  const figures: Expectation[] = [
    { kind: 'distinctCountBetween', column: 'd', min: 2 },
    { kind: 'uniqueShareBetween', column: 'd', min: 0.5 },
  ];
  const some = await check(await tableOf('some', [1, 1, 2, null]), figures);
  expect(some.found.map(({ passed, observed }) => [passed, observed])).toEqual([
    [true, 2],
    [true, 2 / 3],
  ]);
  const none = await check(await tableOf('none', [null, null]), figures);
  expect(none.found.map(({ passed, observed }) => [passed, observed])).toEqual([
    [false, 0],
    [false, null],
  ]);
});
