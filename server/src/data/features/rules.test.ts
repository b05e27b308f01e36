import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanSql, entityKey, featuresOf, isSameMeaning, meaningOf } from './rules.ts';

const definition = { sql: 'select * from prices;', entity: ['symbol'], eventTime: 'date' };

describe('the meaning of a view', () => {
  it('is its SQL, entity, times and TTL, not its description', () => {
    const meaning = meaningOf(definition);
    expect(isSameMeaning(meaning, meaningOf({ ...definition, description: 'daily' }))).toBe(true);
    expect(isSameMeaning(meaning, meaningOf({ ...definition, sql: 'select * from prices\n' }))).toBe(true);
    for (const change of [{ sql: 'select 1' }, { entity: ['a'] }, { createdTime: 'c' }, { ttlDays: 1 }])
      expect(isSameMeaning(meaning, meaningOf({ ...definition, ...change }))).toBe(false);
  });

  it('needs no semicolon', () => expect(cleanSql(' select 1 ; \n;')).toBe('select 1'));
});

describe('the features of a view', () => {
  const columns = [
    { name: 'symbol', type: 'text' as const },
    { name: 'date', type: 'date' as const },
    { name: 'close', type: 'double' as const },
  ];

  it('are the columns that are neither key nor time', () => {
    expect(featuresOf('v', meaningOf(definition), columns)).toEqual([{ name: 'close', type: 'double' }]);
  });

  it.each([
    [{ entity: ['ticker'] }, /'ticker' is missing.*symbol, date, close/],
    [{ eventTime: 'close' }, /'close' is double; it must be a date or timestamp/],
    [{ createdTime: 'seen' }, /'seen' is missing/],
  ])('are refused with %j', (change, message) => {
    expect(() => featuresOf('v', meaningOf({ ...definition, ...change }), columns)).toThrow(message);
  });

  it('must be at least one', () => {
    expect(() => featuresOf('v', meaningOf(definition), columns.slice(0, 2))).toThrow(/no feature is left/);
  });
});

describe('an entity key', () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean());

  it('differs exactly where an entity does', () => {
    fc.assert(
      fc.property(fc.tuple(value, value), fc.tuple(value, value), ([a, b], [c, d]) => {
        const same = entityKey(['x', 'y'], { x: a, y: b }) === entityKey(['x', 'y'], { y: d, x: c });
        expect(same).toBe(JSON.stringify([a, b]) === JSON.stringify([c, d]));
      }),
    );
  });

  it.each([{}, { x: null }, { x: Number.NaN }, { x: [1] }])('cannot be made of %j', (record) => {
    expect(() => entityKey(['x'], record)).toThrow("'x' is missing");
  });
});
