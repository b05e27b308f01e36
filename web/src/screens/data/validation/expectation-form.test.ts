import { type Column, type Expectation, type ExpectationKind, expectationKinds } from '@tidemill/sdk';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { expect, it } from 'vitest';
import { type Entry, fieldsOf, fitsForm, isComplete, toExpectation, toTexts } from './expectation-form.ts';
import { kindGroups } from './expectation-words.ts';

const kinds = Object.keys(expectationKinds) as ExpectationKind[];
const columns: Column[] = [
  { name: 'count', type: 'integer' },
  { name: 'price, net', type: 'double' },
  { name: 'day', type: 'date' },
  { name: 'name', type: 'text' },
  { name: 'sold', type: 'boolean' },
];

it('offers every kind of the contract, once', () => {
  const offered = kindGroups.flatMap((group) => Object.keys(group.kinds));
  expect(offered.toSorted()).toEqual(kinds.toSorted());
});

const line = fc.stringMatching(/^[a-z "',\\{}0-9]{1,8}$/).filter((text) => text.trim() !== '');
const entries: Readonly<Record<Entry, (choices: readonly string[]) => fc.Arbitrary<unknown>>> = {
  column: () => fc.constantFrom('count', 'price, net', 'day', 'name', 'sold'),
  text: () => line,
  sql: () => line,
  number: () => fc.constantFrom(0.01, 0.25),
  bound: () => fc.constantFrom(0, -2.5, 7),
  columns: () => fc.array(line, { minLength: 1, maxLength: 4 }),
  values: () => fc.array(fc.constantFrom(1, 2.5, -3), { minLength: 1, maxLength: 4 }),
  choice: (choices) => fc.constantFrom(...choices),
  tick: () => fc.constant(true),
};

const wholeNumbers: ReadonlySet<ExpectationKind> = new Set(['lengthBetween', 'rowCount'] as const);

const anyExpectation = fc.constantFrom(...kinds).chain((kind) => {
  const shape = Object.fromEntries(
    fieldsOf(kind).map(({ name, entry, choices }) => [
      name,
      // Counts are whole.
      entry === 'number' && wholeNumbers.has(kind) && name !== 'maxChange' && name !== 'mostly'
        ? fc.nat(9)
        : entries[entry](choices),
    ]),
  );
  const requiredKeys = fieldsOf(kind).flatMap(({ name, isRequired }) => (isRequired ? [name] : []));
  return fc.record(shape, { requiredKeys }).map((fields) => ({ kind, ...fields }) as unknown as Expectation);
});

it('gives any expectation back as it came, and sends only what its schema allows', () =>
  fc.assert(
    fc.property(anyExpectation, (expectation) => {
      const texts = toTexts(expectation);
      const made = toExpectation(expectation.kind, texts, []);
      expect(made).toEqual(expectation);
      expect(isComplete(expectation.kind, texts)).toBe(true);
      expect(Compile(expectationKinds[expectation.kind]).Check(made)).toBe(true);
    }),
  ));

it('reads bounds and values by the type of the column', () => {
  const at = (kind: ExpectationKind, texts: Record<string, string>) => toExpectation(kind, texts, columns);
  expect(at('between', { column: 'day', min: '2024-01-01' })).toMatchObject({ min: '2024-01-01' });
  expect(at('between', { column: 'name', max: '10' })).toMatchObject({ max: '10' });
  expect(at('between', { column: 'price, net', max: '1e3' })).toMatchObject({ max: 1000 });
  expect(at('distinctCountBetween', { column: 'name', min: '10' })).toMatchObject({ min: 10 });
  expect(at('inSet', { column: 'name', values: '1\n2\n' })).toMatchObject({ values: ['1', '2'] });
  expect(at('inSet', { column: 'count', values: '1\n2' })).toMatchObject({ values: [1, 2] });
  expect(at('inSet', { column: 'sold', values: 'true' })).toMatchObject({ values: [true] });
});

it('knows what it cannot hold', () => {
  const fits = (expectation: object) => fitsForm(expectation as Expectation, columns);
  expect(fits({ kind: 'inSet', column: 'name', values: ['a', 'b'] })).toBe(true);
  expect(fits({ severity: 'warn', kind: 'between', min: 0, column: 'count' })).toBe(true);
  expect(fits({ kind: 'inSet', column: 'name', values: ['a\nb'] })).toBe(false);
  expect(fits({ kind: 'inSet', column: 'name', values: [''] })).toBe(false);
  expect(fits({ kind: 'inSet', column: 'name', values: [1] })).toBe(false);
  expect(fits({ kind: 'increasing', column: 'day', strictly: false })).toBe(false);
  expect(fits({ kind: 'somethingNew', column: 'day' })).toBe(false);
});

it('waits for what a kind needs', () => {
  expect(isComplete('notNull', {})).toBe(false);
  expect(isComplete('notNull', { column: 'day' })).toBe(true);
  expect(isComplete('notNull', { column: 'day', mostly: 'most' })).toBe(false);
  expect(isComplete('pair', { column: 'day', operator: '>=' })).toBe(false);
  expect(isComplete('rowCount', {})).toBe(true);
});
