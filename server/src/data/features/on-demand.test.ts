import type { Column, OnDemandFeature } from '@tidemill/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertOnDemand, createOnDemand } from './on-demand.ts';
import { epochMicros } from './on-demand-values.ts';

const inputs: Column[] = [
  { name: 'n', type: 'integer' },
  { name: 'x', type: 'double' },
  { name: 's', type: 'text' },
  { name: 'b', type: 'boolean' },
  { name: 'd', type: 'date' },
  { name: 't', type: 'timestamp' },
];
const row = { n: 5, x: 2.5, s: 'abc', b: true, d: '2023-08-31', t: '2023-08-31T12:00:00.123456Z' };
const feature = (expression: string, type: Column['type'], name = 'y'): OnDemandFeature => ({
  name,
  type,
  expression,
});
const evaluate = (expression: string, type: Column['type'], given: Record<string, unknown> = row) => {
  const features = [feature(expression, type)];
  assertOnDemand('it', features, inputs);
  return createOnDemand(features, inputs).evaluate(given).y;
};

describe('a feature on demand', () => {
  it.each<[string, Column['type'], unknown]>([
    ['n / 2', 'double', 2.5],
    ['n * 2', 'integer', 10],
    ['n / 2', 'integer', null],
    ['floor(n / 2)', 'integer', 2],
    ['x + n', 'double', 7.5],
    ['n > 4 && b', 'boolean', true],
    ['s + "d"', 'text', 'abcd'],
    ['s.startsWith("a") ? 1.0 : 0.0', 'double', 1],
    ['t', 'timestamp', '2023-08-31T12:00:00.123456Z'],
    ['t + duration("1h")', 'timestamp', '2023-08-31T13:00:00.123456Z'],
    ['t > d', 'boolean', true],
    ['d', 'date', '2023-08-31'],
    ['t - d > duration("11h")', 'boolean', true],
    ['double(t.getHours())', 'double', 12],
    ['x / (n - 5)', 'double', null],
    ['double(s)', 'double', null],
  ])('%s as %s is %j', (expression, type, value) => {
    expect(evaluate(expression, type)).toEqual(value);
  });

  it('is null where anything it reads is null, unless it speaks of null', () => {
    expect(evaluate('x + n', 'double', { ...row, x: null })).toBeNull();
    expect(evaluate('b ? x : 1.0', 'double', { ...row, b: false, x: null })).toBeNull();
    expect(evaluate('x + n', 'double', {})).toBeNull();
    expect(evaluate('x == null ? 0.0 : x', 'double', { ...row, x: null })).toBe(0);
    expect(evaluate('x == null', 'boolean', {})).toBe(true);
  });

  it('may read those before it', () => {
    const features = [feature('x * 2', 'double', 'twice'), feature('twice + 1', 'double', 'more')];
    assertOnDemand('it', features, inputs);
    const found = createOnDemand(features, inputs);
    expect(found.evaluate(row)).toEqual({ twice: 5, more: 6 });
    expect(found.evaluate({})).toEqual({ twice: null, more: null });
  });

  it('reads numbers beyond 53 bits, dates and zones as they come', () => {
    expect(evaluate('n * 1.0', 'double', { n: 5n })).toBe(5);
    expect(evaluate('n * 1.0', 'double', { n: '9007199254740993' })).toBe(9007199254740992);
    expect(evaluate('t', 'timestamp', { t: new Date(0) })).toBe('1970-01-01T00:00:00.000Z');
    expect(evaluate('t', 'timestamp', { t: '2023-08-31 14:00+02' })).toBe('2023-08-31T12:00:00.000Z');
    expect(evaluate('t', 'timestamp', { t: '2023-02-31' })).toBeNull();
    expect(evaluate('x', 'double', { x: Number.NaN })).toBeNull();
  });

  it.each<[string, Column['type'], RegExp]>([
    ['nope + 1', 'double', /'nope \+ 1' reads 'nope', but knows n, x, s, b, d, t/],
    ['true || nope', 'boolean', /reads 'nope'/],
    ['x +', 'double', /is not valid: at 1:/],
    ['x + s', 'double', /the feature on demand 'y'.*'\+' applied/],
    ['b ? x : x + s', 'double', /applied/],
    ['x', 'text', /gives a number where it says text/],
    ['s', 'double', /gives the text '1' where it says double/],
    ['b', 'timestamp', /gives true or false where it says timestamp/],
    ['[x]', 'double', /gives a list or map/],
    ['nope(x)', 'double', /nope/],
  ])('%s as %s is refused', (expression, type, message) => {
    expect(() => assertOnDemand('it', [feature(expression, type)], inputs)).toThrow(message);
  });

  it('never throws for a row, and gives the same twice', () => {
    const anything = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.date(),
    );
    const expressions: [string, Column['type']][] = [
      ['x / n + double(s)', 'double'],
      ['s.matches("^a") && t > d', 'boolean'],
      ['x == null ? n * 1.0 : x', 'double'],
      ['int(s) + 1', 'integer'],
    ];
    const features = expressions.map(([text, type], i) => feature(text, type, `y${i}`));
    assertOnDemand('it', features, inputs);
    const found = createOnDemand(features, inputs);
    const rows = fc.record({ n: anything, x: anything, s: anything, b: anything, d: anything, t: anything });
    fc.assert(
      fc.property(rows, (given) => {
        const result = found.evaluate(given);
        expect(Object.keys(result)).toEqual(['y0', 'y1', 'y2', 'y3']);
        expect(found.evaluate(given)).toEqual(result);
      }),
    );
  });
});

it('reads times to the microsecond, in UTC where they name no zone', () => {
  expect(epochMicros('1969-12-31T23:59:59.999999Z')).toBe(-1n);
  expect(epochMicros('1970-01-01 00:00:00.5')).toBe(500_000n);
  expect(epochMicros('1970-01-01T01:00:00+0100')).toBe(0n);
  for (const text of ['', 'x', '2023-13-01', '2023-02-31', '12:00']) expect(epochMicros(text)).toBeNull();
});
