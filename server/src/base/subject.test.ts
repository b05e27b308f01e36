import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analytics } from '../adapters/analytics/analytics.ts';
import { openDuckdb } from '../adapters/analytics/duckdb.ts';
import { isOfSubject, subjectJsonSql, subjectSql } from './subject.ts';

let analytics: Analytics;
beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(() => analytics.close());

const isTrue = async (sql: string): Promise<unknown> =>
  (await analytics.query({ sql: `select ${sql} as found`, tables: {} })).rows[0]?.found;

test('a value is one of its column’s type or nobody’s: 41.6 is not 42, and a null key is not the subject', async () => {
  const columns = ['boolean', 'integer', 'double', 'text', 'date', 'timestamp'].map((type) => ({
    name: type,
    type,
  }));
  const row = `(select true as "boolean", 42 as "integer", 0.5::double as "double", '042' as "text",
    date '2024-02-29' as "date", timestamp '2024-02-29 10:00:00' as "timestamp", null::bigint as "none")`;
  const is = async (key: Record<string, string>, all: { name: string; type: string }[] = columns) =>
    isTrue(`(select ${subjectSql(all, key)} from ${row})`);
  const right: Record<string, string>[] = [
    { integer: '42' },
    { double: '0.5' },
    { double: '5e-1' },
    { text: '042' },
    { boolean: 'true' },
    { date: '2024-02-29' },
    { timestamp: '2024-02-29T10:00:00Z' },
    { integer: '42', text: '042' },
  ];
  const wrong: Record<string, string>[] = [
    { integer: '41.6' },
    { integer: '42.0' },
    { integer: '99999999999999999999' },
    { text: '42' },
    { text: "' or true --" },
    { boolean: 'yes' },
    { date: '2024' },
    { timestamp: 'noon' },
    { integer: '42', text: '42' },
  ];
  for (const key of right) expect([key, await is(key)]).toEqual([key, true]);
  for (const key of wrong) expect([key, await is(key)]).toEqual([key, false]);
  expect(await is({ none: '42' }, [{ name: 'none', type: 'integer' }])).toBe(false);
  expect(subjectSql(columns, { other: '42' })).toBeNull();
});

test('SQL over JSON and the same here agree on whose an entity is', async () => {
  const part = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(0.5, 42, 9007199254740991),
    fc.constantFrom('a', '42', '042', '4.2e1', "o'clock", 'ä"', ''),
    fc.boolean(),
  );
  const wanted = fc.constantFrom(
    'a',
    '42',
    '042',
    '42.0',
    '0.5',
    '-1',
    'true',
    "o'clock",
    'ä"',
    '9007199254740991',
  );
  await fc.assert(
    fc.asyncProperty(fc.tuple(part, part), wanted, fc.option(wanted), async (values, first, second) => {
      const entity = ['x', 'y'];
      const spelled = JSON.stringify(values);
      const key = { x: first, ...(second !== null && { y: second }) };
      const parts = new Map(
        entity.map((name, i) => [name, `json_extract('${spelled.replaceAll("'", "''")}', '/${i}')`]),
      );
      expect(isOfSubject(entity, spelled, key)).toBe(await isTrue(subjectJsonSql(parts, key) ?? 'null'));
    }),
    { numRuns: 150 },
  );
  expect(isOfSubject(['x'], '[9007199254740993]', { x: '9007199254740992' })).toBe(false);
  expect(isOfSubject(['x'], '[1]', {})).toBe(false);
  expect(isOfSubject(['x'], 'no json', { x: '1' })).toBe(false);
  expect(subjectJsonSql(new Map(), { x: '1' })).toBeNull();
});
