import { expect, test } from 'vitest';
import { assertAlpha, assertCount, assertFinite, assertSameLength, assertSample } from './assertions.ts';

test('a value that is not finite is named by its index', () => {
  expect(() => assertFinite('errors', Float64Array.of(1, Number.NaN))).toThrow(RangeError);
  expect(() => assertFinite('errors', Float64Array.of(1, Number.NaN))).toThrow(/errors\[1\] is NaN/);
  expect(() => assertFinite('errors', Float64Array.of(Infinity))).toThrow(/errors\[0\] is Infinity/);
  expect(() => assertFinite('errors', new Float64Array(0))).not.toThrow();
});

test('the first value without a partner is named', () => {
  expect(() => assertSameLength('a', [1, 2], 'b', [1])).toThrow(/a\[1\] has no partner in b/);
  expect(() => assertSameLength('a', [], 'b', [1])).toThrow(/b\[0\] has no partner in a/);
});

test('empty samples, levels and counts out of range are refused', () => {
  expect(() => assertSample('window', new Float64Array(0))).toThrow(/window has 0 values; at least 1/);
  for (const alpha of [0, 1, -0.1, Number.NaN]) expect(() => assertAlpha(alpha)).toThrow(RangeError);
  for (const count of [0, 1.5, Number.NaN, Infinity]) expect(() => assertCount('n', count)).toThrow(/n is/);
});
