import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moments } from './moments.ts';

const X = Float64Array.of(0.61, 1.45, -0.32, 2.1, 0.07, 1.88, -1.21, 0.94, 0.35, 1.02, 0.07, 2.1);

test('moments equal pandas', () => {
  // pandas 2.3.3: Series.skew(), Series.kurt(), Series.var()
  const found = moments(X);
  expect(found.skewness).toBeCloseTo(-0.2908164897780419, 12);
  expect(found.kurtosis).toBeCloseTo(-0.4839955193744321, 12);
  expect(found.variance).toBeCloseTo(1.0555909090909092, 12);
});

test('a constant has no shape, and few values no moments', () => {
  expect(moments(Float64Array.of(4, 4, 4, 4))).toMatchObject({
    variance: 0,
    skewness: Number.NaN,
    kurtosis: Number.NaN,
  });
  expect(moments(Float64Array.of(1, 2, 4)).kurtosis).toBeNaN();
  expect(moments(Float64Array.of(1, 2)).skewness).toBeNaN();
  expect(moments(Float64Array.of(1))).toMatchObject({ sum: 1, mean: 1, variance: Number.NaN });
  expect(moments(new Float64Array(0)).mean).toBeNaN();
});

test('shape does not change when values are shifted and scaled; a mirror turns the skew around', () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 5, maxLength: 50 });
  fc.assert(
    fc.property(values, (list) => {
      const plain = moments(Float64Array.from(list));
      fc.pre(plain.variance > 0);
      const moved = moments(Float64Array.from(list, (value) => 7 - 3 * value));
      expect(moved.skewness).toBeCloseTo(-plain.skewness, 6);
      expect(moved.kurtosis).toBeCloseTo(plain.kurtosis, 6);
    }),
  );
});
