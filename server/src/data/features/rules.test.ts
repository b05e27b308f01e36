import type { Column, Entity, FeatureViewDefinition } from '@tidemill/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanSql, entityKey, isSameMeaning, meaningOf, shapeOf } from './rules.ts';

const definition = { sql: 'select * from prices;', entity: ['symbol'], eventTime: 'date' };

const columns: Column[] = [
  { name: 'symbol', type: 'text' },
  { name: 'date', type: 'date' },
  { name: 'close', type: 'double' },
];
const entity = (name: string, joinKeys: Column[]): Entity => ({
  ...{ workspace: 'w', name, version: 1, reference: `${name}@1`, uri: `entity:${name}@1`, joinKeys },
  ...{ description: '', owner: '', tags: {}, createdAt: 0, createdBy: 'user:anna' },
});
const meaning = (change: Partial<FeatureViewDefinition>, entities: Entity[] = [], given = columns) => {
  const shape = shapeOf('v', { ...definition, ...change }, entities);
  return meaningOf('v', shape, given, entities, ['prices']);
};

describe('the meaning of a view', () => {
  it('is its SQL, entity, times, TTL and columns, not its description', () => {
    const first = meaning({});
    const same: Partial<FeatureViewDefinition>[] = [
      { description: 'daily', owner: 'anna', tags: { a: 'b' }, freshness: '1d' },
      { sql: 'select * from prices\n' },
      { online: { materialize: { onDatasetVersion: true } } },
    ];
    for (const change of same) expect(isSameMeaning(first, meaning(change))).toBe(true);
    expect(isSameMeaning(meaning({ ttl: '48h' }), meaning({ ttl: '2d' }))).toBe(true);
    for (const change of [{ sql: 'select 1 as x' }, { createdTime: 'date' }, { ttl: '1d' }])
      expect(isSameMeaning(first, meaning(change))).toBe(false);
    const retyped = columns.map((column) =>
      column.name === 'close' ? { name: 'close', type: 'integer' as const } : column,
    );
    expect(isSameMeaning(first, meaning({}, [], retyped))).toBe(false);
    expect(isSameMeaning(first, { ...first, joinKeys: [] })).toBe(true);
  });

  it('needs no semicolon', () => expect(cleanSql(' select 1 ; \n;')).toBe('select 1'));

  it('takes its keys from its entities, in their order', () => {
    const two = [
      entity('day', [{ name: 'date', type: 'date' }]),
      entity('symbol', [{ name: 'symbol', type: 'text' }]),
    ];
    const { entity: _, ...bare } = definition;
    const shape = shapeOf('v', { ...bare, entities: ['day', 'symbol'] }, two);
    expect(shape).toMatchObject({ entity: ['date', 'symbol'], entities: ['day@1', 'symbol@1'] });
  });

  it.each<[string, Partial<FeatureViewDefinition>, Entity[], RegExp]>([
    ['no keys', { entity: undefined }, [], /no keys: give 'entities'/],
    ['two kinds of keys', { entities: ['a'] }, [entity('a', [])], /not both/],
    ['a key twice', { entity: ['symbol', 'symbol'] }, [], /the key 'symbol' is there twice/],
    [
      'a key of two entities',
      { entity: undefined, entities: ['a', 'b'] },
      [entity('a', [{ name: 'id', type: 'text' }]), entity('b', [{ name: 'id', type: 'text' }])],
      /the key 'id' is there twice \(a and b\)/,
    ],
    [
      'a key of another type than its entity says',
      { entity: undefined, entities: ['a'] },
      [entity('a', [{ name: 'symbol', type: 'integer' }])],
      /'symbol' is text in its SQL and integer in the entity a@1; cast it/,
    ],
    ['a duration beyond a century', { ttl: '99999d' }, [], /longer than a hundred years/],
  ])('is refused with %s', (_, change, entities, message) => {
    expect(() => meaning(change, entities)).toThrow(message);
  });

  it.each(['tm__x', 'a__status', 'event_time'])('has no feature called %s', (name) => {
    const given = [...columns, { name, type: 'double' as const }];
    expect(() => meaning({}, [], given)).toThrow(`cannot be called '${name}'`);
  });
});

describe('the features of a view', () => {
  it('are the columns that are neither key nor time', () => {
    expect(meaning({}).features).toEqual([{ name: 'close', type: 'double' }]);
  });

  it.each([
    [{ entity: ['ticker'] }, /'ticker' is missing.*symbol, date, close/],
    [{ eventTime: 'close' }, /'close' is double; it must be a date or timestamp/],
    [{ createdTime: 'seen' }, /'seen' is missing/],
  ])('are refused with %j', (change, message) => {
    expect(() => meaning(change)).toThrow(message);
  });

  it('must be at least one', () => {
    expect(() => meaning({}, [], columns.slice(0, 2))).toThrow(/no feature is left/);
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
