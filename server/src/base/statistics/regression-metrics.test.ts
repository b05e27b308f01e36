import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bias, mae, mse, r2, regressionMetrics, rmse } from './regression-metrics.ts';

test('metrics equal scikit-learn', () => {
  // scikit-learn 1.9.1: mean_absolute_error, mean_squared_error, root_mean_squared_error, r2_score; numpy (p
  // - y).mean()
  const metrics = regressionMetrics(
    Float64Array.of(3.1, -0.5, 2, 7.25, 4.4),
    Float64Array.of(2.5, 0.1, 2.2, 8, 4.1),
  );
  expect(metrics.mae).toBeCloseTo(0.49, 14);
  expect(metrics.mse).toBeCloseTo(0.2825, 14);
  expect(metrics.rmse).toBeCloseTo(0.5315072906367326, 14);
  expect(metrics.r2).toBeCloseTo(0.9571580224446467, 14);
  expect(metrics.bias).toBeCloseTo(0.13, 14);
});

test('r2 of a constant target is 1 when met and 0 otherwise; one value has none', () => {
  // scikit-learn 1.9.1: r2_score([2, 2], [2, 2]) and r2_score([2, 2], [2, 3])
  expect(r2(Float64Array.of(2, 2), Float64Array.of(2, 2))).toBe(1);
  expect(r2(Float64Array.of(2, 2), Float64Array.of(2, 3))).toBe(0);
  expect(r2(Float64Array.of(2), Float64Array.of(2))).toBeNaN();
});

test('|bias| <= mae <= rmse, and the sign of the error only matters to the bias', () => {
  const value = fc.integer({ min: -1e9, max: 1e9 }).map((whole) => whole / 1024);
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 30 }), (pairs) => {
      const a = Float64Array.from(pairs, ([first]) => first);
      const b = Float64Array.from(pairs, ([, second]) => second);
      const slack = 1e-9 * mae(a, b);
      expect(Math.abs(bias(a, b))).toBeLessThanOrEqual(mae(a, b) + slack);
      expect(mae(a, b)).toBeLessThanOrEqual(rmse(a, b) + slack);
      expect([mae(a, b), mse(a, b), -bias(a, b) + 0]).toEqual([mae(b, a), mse(b, a), bias(b, a) + 0]);
    }),
  );
});

test.each([mae, mse, rmse, r2, bias])('%o names the index of bad input', (metric) => {
  const good = Float64Array.of(1, 2);
  expect(() => metric(good, Float64Array.of(1))).toThrow(/actual\[1\] has no partner in predicted/);
  expect(() => metric(good, Float64Array.of(1, Number.NaN))).toThrow(/predicted\[1\] is NaN/);
  expect(() => metric(Float64Array.of(-Infinity, 1), good)).toThrow(/actual\[0\] is -Infinity/);
  expect(() => metric(new Float64Array(0), new Float64Array(0))).toThrow(RangeError);
});
