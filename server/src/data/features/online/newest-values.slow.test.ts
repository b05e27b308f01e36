import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { changedSql, newestValuesSql, pendingSql, seenSql } from './newest-values.ts';

interface SomeRow {
  readonly key: string | null;
  readonly event: number | null;
  readonly created: number | null;
  readonly value: number | null;
}

let instance: DuckDBInstance;
let run: (sql: string) => Promise<Record<string, unknown>[]>;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  run = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
});
afterAll(() => instance.closeSync());

const now = 5;
const view = {
  eventTime: 'event',
  createdTime: 'created',
  features: [{ name: 'value', type: 'integer' as const }],
};
const keys = [{ name: 'key', type: 'text' as const }];
const instant = fc.option(fc.integer({ min: 0, max: 7 }), { freq: 8 });
const someRow: fc.Arbitrary<SomeRow> = fc.record({
  key: fc.option(fc.constantFrom('a', 'b', 'c'), { freq: 8 }),
  event: instant,
  created: instant,
  value: fc.option(fc.integer({ min: 0, max: 3 })),
});
const someRows = fc.array(someRow, { minLength: 1, maxLength: 12 });

const timeSql = (ms: number | null): string =>
  ms === null ? 'cast(null as timestamp)' : `make_timestamp(${ms * 1000})`;
const valuesSql = (rows: readonly SomeRow[]): string =>
  rows
    .map(
      ({ key, event, created, value }) =>
        `select cast(${key === null ? 'null' : `'${key}'`} as varchar) as key, ${timeSql(event)} as event, ${timeSql(created)} as created, cast(${value} as bigint) as value`,
    )
    .join(' union all ');

const lastOf = (value: number | null): number => value ?? Number.NEGATIVE_INFINITY;
const isLater = (a: SomeRow, b: SomeRow): boolean => {
  const differences = [
    lastOf(a.event) - lastOf(b.event),
    lastOf(a.created) - lastOf(b.created),
    a.value === b.value ? 0 : lastOf(a.value) - lastOf(b.value),
  ];
  return (differences.find((difference) => difference !== 0) ?? 0) > 0;
};

/** In the plainest words: of what is known now, each entity's newest. */
function expectedOf(rows: readonly SomeRow[]): Map<string, SomeRow> {
  const newest = new Map<string, SomeRow>();
  for (const row of rows) {
    if (row.key === null || row.event === null || row.created === null) continue;
    if (row.event > now || row.created > now) continue;
    const held = newest.get(row.key);
    if (!held || isLater(row, held)) newest.set(row.key, row);
  }
  return newest;
}

const pick = (rows: readonly SomeRow[]) =>
  run(`with view_ as (${valuesSql(rows)}) ${newestValuesSql(view, keys, now)}`);
const plain = (rows: ReadonlyMap<string, SomeRow>) =>
  [...rows]
    .map(([key, { event, value }]) => ({
      tm__key: `["${key}"]`,
      tm__event: String((event ?? 0) * 1000),
      tm__values: `[${value}]`,
    }))
    .sort((a, b) => (a.tm__key < b.tm__key ? -1 : 1));

test('the newest row of each entity that is known now is picked, and what lies ahead is counted', async () => {
  const property = fc.asyncProperty(someRows, async (rows) => {
    expect(await pick(rows)).toEqual(plain(expectedOf(rows)));
    const [ahead] = await run(`with view_ as (${valuesSql(rows)}) ${pendingSql(view, now)}`);
    const isAhead = ({ event, created }: SomeRow) => lastOf(event) > now || lastOf(created) > now;
    expect(Number(ahead?.n)).toBe(rows.filter(isAhead).length);
  });
  await fc.assert(property, { numRuns: 1_000 });
});

test('an incremental run writes what differs from the one before, and nothing else', async () => {
  const property = fc.asyncProperty(someRows, someRows, async (before, after) => {
    const newest = (rows: readonly SomeRow[]) =>
      `with view_ as (${valuesSql(rows)}) ${newestValuesSql(view, keys, now)}`;
    const changed = await run(
      `with newest_ as (${newest(after)}), seen_ as (with newest_ as (${newest(before)}) ${seenSql}) ${changedSql}`,
    );
    const [old, fresh] = [plain(expectedOf(before)), plain(expectedOf(after))];
    const known = new Set(old.map((row) => JSON.stringify(row)));
    expect(changed).toEqual(fresh.filter((row) => !known.has(JSON.stringify(row))));
  });
  await fc.assert(property, { numRuns: 500 });
});

test('a view may have thousands of features', async () => {
  const features = Array.from({ length: 2000 }, (_, i) => ({ name: `f${i}`, type: 'integer' as const }));
  const values = features.map(({ name }, i) => `${i === 1 ? 'null::bigint' : i} as ${name}`);
  const rows = `select 'a' as key, ${timeSql(0)} as event, ${values.join(', ')}`;
  const [newest] = await run(
    `with view_ as (${rows}) ${newestValuesSql({ ...view, createdTime: null, features }, keys, now)}`,
  );
  expect(JSON.parse(String(newest?.tm__values))).toEqual(features.map((_, i) => (i === 1 ? null : i)));
});
