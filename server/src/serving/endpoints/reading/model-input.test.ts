import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillRow, type ModelInput, problemOf, warningsOf } from './model-input.ts';

const number = (name: string) => ({ name, kind: 'number' as const, isRequired: true });
const input: ModelInput = {
  names: ['open', 'close'],
  columns: [number('open'), number('close')],
  isMatrix: true,
  minimum: Float64Array.of(0, Number.NEGATIVE_INFINITY),
  maximum: Float64Array.of(196.2, Number.POSITIVE_INFINITY),
};

test('a row is filled in the order of the signature, or names the first input that is no finite float', () => {
  const value = fc.oneof(fc.double(), fc.string(), fc.constant(null), fc.constant(undefined), fc.boolean());
  fc.assert(
    fc.property(value, value, (open, close) => {
      const rows = new Float32Array(6).fill(-1);
      const bad = fillRow(input, { close, open }, rows, 2);
      const isGood = (cell: unknown) =>
        typeof cell === 'boolean' || (typeof cell === 'number' && Number.isFinite(Math.fround(cell)));
      expect(bad).toBe(!isGood(open) ? 0 : !isGood(close) ? 1 : -1);
      if (bad === -1)
        expect(Array.from(rows)).toEqual([
          -1,
          -1,
          Math.fround(Number(open)),
          Math.fround(Number(close)),
          -1,
          -1,
        ]);
    }),
  );
});

test('names of the prototype are no features', () => {
  expect(
    fillRow(
      {
        ...input,
        names: ['constructor', '__proto__'],
        columns: [number('constructor'), number('__proto__')],
      },
      {},
      new Float32Array(2),
      0,
    ),
  ).toBe(0);
});

test('warnings name feature, value and the limit it passes', () => {
  expect(warningsOf(input, { open: 250.1, close: 1e9 })).toEqual([
    'open 250.1 is above the training maximum 196.2',
  ]);
  expect(warningsOf(input, { open: -1, close: -1e9 })).toEqual(['open -1 is below the training minimum 0']);
  expect(warningsOf(input, { open: 196.2, close: 0 })).toEqual([]);
});

test.each([
  [undefined, 'it is missing'],
  [Number.POSITIVE_INFINITY, 'it is Infinity'],
  [1e39, '1e+39 does not fit into a 32-bit float'],
  [{ a: 1 }, '{"a":1} is not a number'],
])('%j: %s', (value, problem) => {
  expect(problemOf(value)).toBe(problem);
});
