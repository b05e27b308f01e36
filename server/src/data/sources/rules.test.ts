import type { Column, SourceLocation } from '@tidemill/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertDefinition,
  compareColumns,
  fits,
  locationOf,
  masked,
  readFrom,
  unionOfColumns,
  widened,
} from './rules.ts';
import { nextTime, parseSchedule } from './schedule.ts';

const http: SourceLocation = { kind: 'http', url: 'https://example.org/a.csv' };
const query: SourceLocation = { kind: 'postgres', query: 'select 1' };
const replace = { mode: 'replace', key: null, cursor: null } as const;
const cursor = { column: 'at', lookback: null, value: null };

test.each<[SourceLocation, Record<string, string>, object, string]>([
  [{ kind: 'http', url: 'file:///etc/passwd' }, {}, {}, 'no http or https address'],
  [{ kind: 'http', url: 'https://u:p@example.org/' }, {}, {}, 'holds a user or a password'],
  [http, { token: 'x' }, {}, "has no secret 'token'"],
  [http, { 'header:Host': 'x' }, {}, 'set by the connection itself'],
  [http, { 'header:X Y': 'x' }, {}, 'has no secret'],
  [http, { bearer: 'a\r\nX-Other: b' }, {}, 'holds a line break'],
  [{ kind: 'path', path: '/a.csv' }, { url: 'x' }, {}, "has no secret 'url'"],
  [query, {}, {}, "'url' is missing"],
  [{ kind: 's3', url: 's3://bucket' }, {}, {}, 'no s3://bucket/key'],
  [{ kind: 's3', url: 's3://b/k', region: 'evil.example.org/#' }, {}, {}, 'no s3://bucket/key'],
  [{ kind: 's3', url: 's3://bkt/k', region: 'evil.example.org/#' }, {}, {}, 'no name of a region'],
  [{ kind: 's3', url: 's3://bkt/k', endpoint: 'ftp://h' }, {}, {}, 'no http or https address'],
  [{ kind: 's3', url: 's3://bkt/k' }, { accessKeyId: 'a' }, {}, 'come together'],
  [http, {}, { cursor }, 'mode replace would drop'],
  [http, {}, { mode: 'upsert' }, 'key and the mode upsert'],
  [http, {}, { mode: 'append', cursor: { ...cursor, lookback: 5 } }, 'rows are read twice'],
])('%j with %j %j is refused', (from, secrets, more, reason) => {
  expect(() => assertDefinition(from, secrets, { ...replace, ...more })).toThrow(reason);
});

test('a location shows neither query nor password', () => {
  expect(locationOf({ kind: 'http', url: 'https://example.org/a.csv?sig=1' }, {})).toBe(
    'https://example.org/a.csv',
  );
  expect(locationOf(query, { url: 'postgres://u:p@db.example.org/shop?x=1' })).toBe(
    'postgres://db.example.org/shop',
  );
});

test('a masked text holds no secret, wherever it stands', () => {
  const secret = fc.string({ minLength: 4, maxLength: 20 }).filter((text) => !'***'.includes(text));
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (bearer, before, after) => {
      expect(masked(`${before}${bearer}${after}`, { bearer })).not.toContain(bearer);
    }),
  );
  const url = 'postgres://mira:sword%2Ffish@h/db';
  expect(masked('no sword%2Ffish and no sword/fish', { url })).toBe('no *** and no ***');
  expect(masked('user swordfish', { basic: 'mira:swordfish' })).toBe('user ***');
});

describe('where a lookback begins', () => {
  test.each([
    ['10', 3, '7'],
    ['9223372036854775807', 7, '9223372036854775800'],
    ['1.5', 1, '0.5'],
    ['2024-03-01', 1, '2024-02-29'],
    ['2024-01-01 00:00:00', 1, '2023-12-31 23:59:59'],
    ['2024-01-01 10:00:00.123456', 3600, '2024-01-01 09:00:00.123456'],
    ['abc', 5, 'abc'],
  ])('%s less %d is %s', (value, lookback, start) => {
    expect(readFrom(value, lookback)).toBe(start);
    expect(readFrom(value, null)).toBe(value);
  });
});

const type = fc.constantFrom<Column['type']>('boolean', 'integer', 'double', 'text', 'date', 'timestamp');
const columns = fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), type }), {
  selector: ({ name }) => name,
});

test('columns differ by name or type, whatever their order; their union holds both', () => {
  fc.assert(
    fc.property(columns, columns, (before, after) => {
      expect(compareColumns('x@1', before, before.toReversed())).toBeNull();
      const change = compareColumns('x@1', before, after);
      const back = compareColumns('x@2', after, before);
      expect(change?.added ?? []).toEqual(back?.removed ?? []);
      const union = unionOfColumns(before, after);
      for (const column of [...before, ...after]) {
        const found = union.find(({ name }) => name === column.name);
        expect(found && (fits(column.type, found.type) || found.type === 'text')).toBe(true);
      }
      expect(new Set(union.map(({ name }) => name)).size).toBe(union.length);
    }),
  );
  fc.assert(
    fc.property(type, type, (a, b) => {
      expect(widened(a, b)).toBe(widened(b, a));
    }),
  );
});

describe('a schedule', () => {
  test('keeps the time of day where clocks are changed', () => {
    const schedule = parseSchedule({ cron: '30 6 * * *', timeZone: 'Europe/Berlin' });
    expect(nextTime(schedule, Date.UTC(2024, 2, 30, 6))).toBe(Date.UTC(2024, 2, 31, 4, 30));
    expect(nextTime(schedule, Date.UTC(2024, 2, 29, 6))).toBe(Date.UTC(2024, 2, 30, 5, 30));
  });
  test.each([
    [{ cron: '* * * * * *' }, 'is no cron pattern'],
    [{ cron: 'daily' }, 'is no cron pattern'],
    [{ cron: '0 0 30 2 *' }, 'never comes'],
    [{ cron: '0 6 * * *', timeZone: 'Mars/Olympus' }, 'is no time zone'],
  ])('%j is refused', (schedule, reason) => {
    expect(() => parseSchedule(schedule)).toThrow(reason);
  });
});
