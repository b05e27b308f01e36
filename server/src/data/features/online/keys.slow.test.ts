import { DuckDBInstance } from '@duckdb/node-api';
import type { ColumnType } from '@tidemill/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KeyColumn, onlineKey, onlineKeySql } from './keys.ts';
import { packedSql, packValues } from './values.ts';

let instance: DuckDBInstance;
let query: (sql: string, values: readonly string[]) => Promise<string | null>;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  query = async (sql, values) => {
    const statement = await connection.prepare(sql);
    for (const [i, value] of values.entries()) statement.bindVarchar(i + 1, value);
    const [row] = (await statement.runAndReadAll()).getRows();
    statement.destroySync();
    return row?.[0] as string | null;
  };
});
afterAll(() => instance.closeSync());

const microseconds = fc.bigInt({ min: -9_000_000_000_000_000n, max: 9_000_000_000_000_000n });
/** A value as a request has it, and the text that DuckDB casts to it. */
const values: Record<ColumnType, fc.Arbitrary<{ sent: unknown; text: string }>> = {
  text: fc
    .string({ unit: 'binary' })
    .filter((text) => text.isWellFormed() && !text.includes('\0'))
    .map((text) => ({ sent: text, text })),
  integer: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({
    sent: Number.isSafeInteger(Number(value)) ? Number(value) : String(value),
    text: String(value),
  })),
  double: fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => ({ sent: value, text: String(value) })),
  boolean: fc.boolean().map((value) => ({ sent: value, text: String(value) })),
  date: fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((value) => value.toISOString().slice(0, 10))
    .map((text) => ({ sent: text, text })),
  timestamp: microseconds.map((value) => {
    const ms = Number(value / 1000n) - (value % 1000n < 0n ? 1 : 0);
    const rest = String(value - BigInt(ms) * 1000n).padStart(3, '0');
    const text = new Date(ms).toISOString().replace('Z', rest);
    return { sent: `${text}Z`, text };
  }),
};
const duckdbTypes: Record<ColumnType, string> = {
  ...{ text: 'VARCHAR', integer: 'BIGINT', double: 'DOUBLE', boolean: 'BOOLEAN', date: 'DATE' },
  timestamp: 'TIMESTAMP',
};
const types = Object.keys(values) as ColumnType[];
const record = fc
  .array(
    fc.constantFrom(...types).chain((type) => values[type].map((value) => ({ type, ...value }))),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .filter((list) => list.every(({ text }) => !/^[-+]0\d{5}/.test(text)));

const selectOf = (fields: readonly { type: ColumnType }[], expression: string): string =>
  `select ${expression} from (select ${fields.map(({ type }, i) => `cast($${i + 1} as ${duckdbTypes[type]}) as "k${i}"`).join(', ')})`;

describe('what the online store is asked for and what it is filled with', () => {
  test('name an entity by the same text', async () => {
    const property = fc.asyncProperty(record, async (fields) => {
      const keys: KeyColumn[] = fields.map(({ type }, i) => ({ name: `k${i}`, type }));
      const sent = Object.fromEntries(fields.map(({ sent }, i) => [`k${i}`, sent]));
      const text = await query(
        selectOf(fields, onlineKeySql(keys)),
        fields.map((field) => field.text),
      );
      expect(onlineKey(keys, sent)).toBe(text);
    });
    await fc.assert(property, { numRuns: 2_000 });
  });

  test('spell the same values', async () => {
    const property = fc.asyncProperty(record, async (fields) => {
      const features = fields.map(({ type }, i) => ({ name: `k${i}`, type }));
      const text = await query(
        selectOf(fields, packedSql(features)),
        fields.map((field) => field.text),
      );
      // JSON.parse would round them; the text has all their digits.
      const beyond = fields.filter(({ type, sent }) => type === 'integer' && typeof sent === 'string');
      for (const field of beyond) expect(text).toContain(field.text);
      if (beyond.length > 0) return;
      const expected = fields.map(({ sent, type }) =>
        type === 'timestamp' ? String(sent).replace(/000Z$/, 'Z') : Object.is(sent, -0) ? 0 : sent,
      );
      const got = (JSON.parse(text ?? '') as unknown[]).map((value) => (Object.is(value, -0) ? 0 : value));
      expect(got).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 2_000 });
    expect(
      packValues(
        [
          { name: 'a', type: 'text' },
          { name: 'b', type: 'double' },
        ],
        { b: Number.NaN },
      ),
    ).toBe('[null,null]');
  });

  test('keys that would collide when joined as text stay apart', () => {
    const keys: KeyColumn[] = [
      { name: 'a', type: 'text' },
      { name: 'b', type: 'text' },
    ];
    expect(onlineKey(keys, { a: '1', b: '12' })).not.toBe(onlineKey(keys, { a: '11', b: '2' }));
    expect(onlineKey(keys, { a: '1","1', b: '2' })).not.toBe(onlineKey(keys, { a: '1', b: '1","2' }));
  });

  test.each([
    ['integer', 1.5, /a whole number/],
    ['integer', 2 ** 53, /send it as a text/],
    ['integer', 'abc', /a whole number/],
    ['text', 5, /takes a text/],
    ['boolean', 'true', /true or false/],
    ['date', '31.8.2023', /a date such as/],
    ['date', '2023-02-31T00:00:00Z', /a date such as/],
    ['timestamp', 'yesterday', /an ISO time/],
    ['double', '1', /a number/],
  ] as const)('a key of type %s is not %j', (type, value, message) => {
    expect(() => onlineKey([{ name: 'k', type }], { k: value })).toThrow(message);
  });

  test('times are the same instant however they are written', () => {
    const key = (text: string) => onlineKey([{ name: 'k', type: 'timestamp' }], { k: text });
    const at = key('2023-08-31T12:00:00.000001Z');
    expect(at).toBe('[1693483200000001]');
    expect(key('2023-08-31 12:00:00.000001')).toBe(at);
    expect(key('2023-08-31T14:00:00.000001+02:00')).toBe(at);
    expect(key('2023-08-31')).toBe('[1693440000000000]');
  });

  test('a missing key is named', () => {
    expect(() => onlineKey([{ name: 'k', type: 'text' }], { k: null }, 7)).toThrow(
      "Record 7, counted from 0, names no entity: 'k' is missing",
    );
  });
});
