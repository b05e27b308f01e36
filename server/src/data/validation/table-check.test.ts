import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column, Expectation, ExpectationOutcome } from '@tidemill/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { checkTable } from './table-check.ts';

/** A name that would break out of a statement that did not quote it. */
const odd = 'a "b"; drop table rows_ --';
const columns: Column[] = [
  { name: 'i', type: 'integer' },
  { name: 'd', type: 'double' },
  { name: odd, type: 'text' },
];
type Value = number | string | null;
type TestRow = Record<string, Value>;

let analytics: Analytics;
let folder: string;
let serial = 0;
beforeAll(async () => {
  analytics = await openDuckdb();
  folder = await mkdtemp(join(tmpdir(), 'tidemill-check-'));
});
afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true, force: true });
});

async function tableOf(rows: readonly TestRow[], shape = columns): Promise<TableSource> {
  serial += 1;
  const path = join(folder, `${serial}.ndjson`);
  const to = join(folder, `${serial}.parquet`);
  await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  const types = Object.fromEntries(shape.map(({ name, type }) => [name, type]));
  await analytics.importFile({ path, format: 'ndjson', to, types });
  return { paths: [to], columns: shape };
}

const check = (
  table: TableSource,
  expectations: readonly Expectation[],
  shape = columns,
): Promise<ExpectationOutcome[]> =>
  checkTable(analytics, expectations, {
    name: 'prices',
    table,
    columns: shape,
    now: Date.UTC(2024, 0, 10),
    rowsBefore: 10,
    judgeDistribution: async () => ({ passed: true }),
  });

const row = fc.record({
  i: fc.option(fc.integer({ min: -3, max: 6 })),
  d: fc.option(fc.double({ min: -4, max: 4, noNaN: true })),
  [odd]: fc.option(fc.constantFrom('', 'a', "it's", 'ab', 'abc', 'ü', '2024-01-05', '5.1.24')),
}) as fc.Arbitrary<TestRow>;

/** Each kind that is judged by rows, with what a person would write to find the rows that are not as expected. */
const byRow: readonly [Expectation, (value: TestRow) => boolean | null][] = [
  [{ kind: 'notNull', column: 'i' }, ({ i }) => i === null],
  [
    { kind: 'between', column: 'i', min: 0, max: 4, strictMax: true },
    ({ i }) => (i === null ? null : Number(i) < 0 || Number(i) >= 4),
  ],
  [{ kind: 'between', column: 'd', min: -1.5 }, ({ d }) => (d === null ? null : Number(d) < -1.5)],
  [
    { kind: 'inSet', column: 'i', values: [1, 2, 3] },
    ({ i }) => (i === null ? null : ![1, 2, 3].includes(Number(i))),
  ],
  [
    { kind: 'notInSet', column: odd, values: ["it's", ''] },
    (r) => (r[odd] === null ? null : ["it's", ''].includes(String(r[odd]))),
  ],
  [
    { kind: 'matchesRegex', column: odd, pattern: '^a' },
    (r) => (r[odd] === null ? null : !/^a/.test(String(r[odd]))),
  ],
  [
    { kind: 'notMatchesRegex', column: odd, pattern: "'|c$" },
    (r) => (r[odd] === null ? null : /'|c$/.test(String(r[odd]))),
  ],
  [
    { kind: 'lengthBetween', column: odd, min: 1, max: 2 },
    (r) => (r[odd] === null ? null : String(r[odd]).length < 1 || String(r[odd]).length > 2),
  ],
  [{ kind: 'dateParseable', column: odd }, (r) => (r[odd] === null ? null : r[odd] !== '2024-01-05')],
  [
    { kind: 'dateParseable', column: odd, format: '%d.%m.%y' },
    (r) => (r[odd] === null ? null : r[odd] !== '5.1.24'),
  ],
  [
    { kind: 'pair', column: 'i', operator: '>=', other: 'd' },
    ({ i, d }) => (i === null || d === null ? null : Number(i) < Number(d)),
  ],
];

/** Rows looked at and rows that are not as expected, counted one by one. */
function count(rows: readonly TestRow[], isWrong: (value: TestRow) => boolean | null) {
  const looked = rows.flatMap((value, at) => {
    const wrong = isWrong(value);
    return wrong === null ? [] : [{ wrong, at: at + 1 }];
  });
  const wrong = looked.filter((found) => found.wrong);
  return { rows: looked.length, unexpected: wrong.length, sample: wrong.slice(0, 20).map(({ at }) => at) };
}

const facts = ({ rows, unexpected, sample }: ExpectationOutcome) => ({
  rows,
  unexpected,
  sample: sample.map((found) => found.row),
});

function duplicates(rows: readonly TestRow[], names: readonly string[]) {
  const keyOf = (value: TestRow) => JSON.stringify(names.map((name) => value[name]));
  const present = (value: TestRow) => names.some((name) => value[name] !== null);
  const times = new Map<string, number>();
  for (const value of rows.filter(present)) times.set(keyOf(value), (times.get(keyOf(value)) ?? 0) + 1);
  return count(rows, (value) => (present(value) ? (times.get(keyOf(value)) ?? 0) > 1 : null));
}

function falls(rows: readonly TestRow[], strictly: boolean, group: string | null) {
  const before = new Map<unknown, number>();
  return count(rows, (value) => {
    if (value.i === null) return null;
    const key = group === null ? 'all' : value[group];
    const last = before.get(key);
    before.set(key, Number(value.i));
    return last !== undefined && (strictly ? Number(value.i) <= last : Number(value.i) < last);
  });
}

test('counts and row numbers equal those of a plain loop, with and without a condition', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), async (rows) => {
      const table = await tableOf(rows);
      const where = 'i > 1 -- a comment';
      const holds = ({ i }: TestRow) => i !== null && Number(i) > 1;
      const plain = byRow.map(([expectation]) => expectation);
      const conditional = plain.map((expectation): Expectation => ({ ...expectation, where }) as Expectation);
      const ofSeveral: Expectation[] = [
        { kind: 'unique', column: 'i' },
        { kind: 'unique', columns: ['i', odd] },
        { kind: 'increasing', column: 'i' },
        { kind: 'increasing', column: 'i', strictly: true, groupBy: [odd] },
        { kind: 'sql', sql: 'select * from prices where i > d' },
      ];
      const outcomes = await check(table, [...plain, ...conditional, ...ofSeveral]);
      for (const [k, [, isWrong]] of byRow.entries()) {
        expect(facts(outcomes[k] as ExpectationOutcome)).toEqual(count(rows, isWrong));
        const under = count(rows, (value) => (holds(value) ? isWrong(value) : null));
        expect(facts(outcomes[byRow.length + k] as ExpectationOutcome)).toEqual(under);
      }
      const rest = outcomes.slice(2 * byRow.length);
      expect(rest.slice(0, 4).map(facts)).toEqual([
        duplicates(rows, ['i']),
        duplicates(rows, ['i', odd]),
        falls(rows, false, null),
        falls(rows, true, odd),
      ]);
      const above = rows.filter(({ i, d }) => i !== null && d !== null && Number(i) > Number(d)).length;
      expect(rest[4]).toMatchObject({ rows: rows.length, unexpected: above });
      for (const outcome of outcomes) expect(outcome.passed).toBe(outcome.unexpected === 0);
    }),
    { numRuns: 15 },
  );
}, 60_000);

const numbers = [1, 2, 2, 3, 10, null].map((i): TestRow => ({ i, d: i, [odd]: i === null ? null : `t${i}` }));

test('figures of a column, and the ends of their ranges', async () => {
  const table = await tableOf(numbers);
  const of = async (expectation: Expectation) => (await check(table, [expectation]))[0];
  expect(await of({ kind: 'meanBetween', column: 'd', min: 3.6, max: 4 })).toMatchObject({
    passed: true,
    observed: 3.6,
  });
  expect(await of({ kind: 'meanBetween', column: 'd', min: 3.6, strictMin: true })).toMatchObject({
    passed: false,
  });
  expect(await of({ kind: 'medianBetween', column: 'i', max: 2 })).toMatchObject({
    passed: true,
    observed: 2,
  });
  expect(await of({ kind: 'quantileBetween', column: 'i', quantile: 0.75, max: 3 })).toMatchObject({
    observed: 3,
  });
  expect(await of({ kind: 'sumBetween', column: 'i', min: 18, max: 18 })).toMatchObject({
    passed: true,
    observed: 18,
  });
  expect((await of({ kind: 'stdBetween', column: 'i', min: 0 }))?.observed).toBeCloseTo(
    3.646916505762094,
    12,
  );
  expect(await of({ kind: 'minBetween', column: 'i', min: 2 })).toMatchObject({ passed: false, observed: 1 });
  expect(await of({ kind: 'maxBetween', column: 'd', max: 10 })).toMatchObject({
    passed: true,
    observed: 10,
  });
  expect(await of({ kind: 'distinctCountBetween', column: odd, min: 4, max: 4 })).toMatchObject({
    passed: true,
  });
  expect(await of({ kind: 'uniqueShareBetween', column: 'i', min: 0.9 })).toMatchObject({
    passed: false,
    observed: 0.8,
  });
  expect(await of({ kind: 'rowCount', maxChange: 0.4 })).toMatchObject({ passed: true, observed: 6 });
  expect(await of({ kind: 'rowCount', maxChange: 0.3 })).toMatchObject({
    passed: false,
    reason: 'the version before has 10',
  });
  expect(await of({ kind: 'meanBetween', column: 'i', max: 1, where: 'i > 100' })).toMatchObject({
    passed: false,
    reason: 'there is no value to judge',
  });
});

test('the schema, and columns that are not there', async () => {
  const table = await tableOf(numbers);
  const outcomes = await check(table, [
    { kind: 'columnSet', columns: ['d', 'i', odd] },
    { kind: 'columnSet', columns: ['d', 'i', odd], match: 'ordered' },
    { kind: 'columnSet', columns: ['i'], match: 'contains' },
    { kind: 'columnSet', columns: ['i', 'x'] },
    { kind: 'ofType', column: 'i', type: 'integer' },
    { kind: 'ofType', column: 'i', type: 'text' },
    { kind: 'notNull', column: 'gone' },
    { kind: 'matchesRegex', column: 'i', pattern: 'x' },
    { kind: 'notNull', column: 'i', mostly: 0.8 },
    { kind: 'notNull', column: 'i', mostly: 0.9 },
  ]);
  expect(outcomes.map(({ passed }) => passed)).toEqual([
    true,
    false,
    true,
    false,
    true,
    false,
    false,
    false,
    true,
    false,
  ]);
  expect(outcomes[3]?.reason).toBe(`'x' is missing, 'd' is not expected, '${odd}' is not expected`);
  expect(outcomes[6]?.reason).toContain("there is no column 'gone'");
  expect(outcomes[7]?.reason).toContain("column 'i' is integer; matchesRegex takes text");
});

test('what cannot be judged fails alone, and reads nothing but the table', async () => {
  const table = await tableOf(numbers);
  const outcomes = await check(table, [
    {
      kind: 'notNull',
      column: 'i',
      where: `cast(${JSON.stringify(odd).replaceAll('\\"', '""')} as integer) > 1`,
    },
    { kind: 'notNull', column: 'i', where: 'i > 1' },
    { kind: 'sql', sql: "select * from read_csv('/etc/passwd')" },
    { kind: 'sql', sql: 'select * from prices where i > 9' },
  ]);
  expect(outcomes.map(({ passed }) => passed)).toEqual([false, true, false, false]);
  expect(outcomes[0]?.reason).toMatch(/could not be judged: .*convert/i);
  expect(outcomes[2]?.reason).toMatch(/could not be judged: .*disabled by configuration/);
  expect(outcomes[3]).toMatchObject({ unexpected: 1, sample: [{ row: null, values: { i: 10 } }] });
});

test('times are compared as times', async () => {
  const shape: Column[] = [
    { name: 'day', type: 'date' },
    { name: 'at', type: 'timestamp' },
  ];
  const table = await tableOf(
    [
      { day: '2024-01-01', at: '2024-01-01T12:00:00' },
      { day: '2024-01-09', at: '2024-01-09T12:00:00' },
    ],
    shape,
  );
  const outcomes = await check(
    table,
    [
      { kind: 'between', column: 'day', min: '2024-01-02' },
      { kind: 'between', column: 'at', max: '2024-01-09T13:00:00+02:00' },
      { kind: 'maxBetween', column: 'day', max: '2024-01-09' },
      { kind: 'freshness', column: 'at', maxAgeHours: 13 },
      { kind: 'freshness', column: 'day', maxAgeHours: 13 },
      { kind: 'pair', column: 'at', operator: '>', other: 'day' },
    ],
    shape,
  );
  expect(outcomes.map(({ passed }) => passed)).toEqual([false, false, true, true, false, true]);
  expect(outcomes[3]).toMatchObject({
    observed: '2024-01-09T12:00:00.000Z',
    reason: 'the newest is 12 hours old',
  });
});
