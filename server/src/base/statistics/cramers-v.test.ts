import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cramersV, cramersVOfTable } from './cramers-v.ts';

test('equals chi-square of scipy with Bergsma’s correction', () => {
  // scipy 1.17.1: chi2_contingency(table, correction=False), then the formula of the paper
  const found = cramersVOfTable(Float64Array.of(12, 5, 3, 4, 10, 6), 2, 3);
  expect(found).toBeCloseTo(0.34412360080584264, 12);
});

test('is one for equal columns, zero for unrelated ones, and NaN for a constant', () => {
  const codes = Int32Array.from({ length: 90 }, (_, i) => i % 3);
  expect(cramersV(codes, codes, 3, 3)).toBeCloseTo(1, 12);
  const other = Int32Array.from({ length: 90 }, (_, i) => Math.floor(i / 3) % 2);
  expect(cramersV(codes, other, 3, 2)).toBe(0);
  expect(
    cramersV(
      codes,
      codes.map(() => 0),
      3,
      1,
    ),
  ).toBeNaN();
});

test('missing values and codes that never occur do not count', () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 3 })), {
    minLength: 2,
    maxLength: 60,
  });
  fc.assert(
    fc.property(pairs, (list) => {
      const a = Int32Array.from(list, ([code]) => code);
      const b = Int32Array.from(list, ([, code]) => code);
      const plain = cramersV(a, b, 3, 4);
      expect(cramersV(a, b, 5, 9)).toBe(plain);
      expect(cramersV(Int32Array.of(...a, -1, 2), Int32Array.of(...b, 1, -1), 3, 4)).toBe(plain);
      if (!Number.isNaN(plain)) expect(plain).toBeGreaterThanOrEqual(0);
    }),
  );
});
