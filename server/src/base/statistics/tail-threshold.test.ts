import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawsNeeded, tailThreshold } from './tail-threshold.ts';

test('ten draws are expected beyond the threshold', () => {
  expect([drawsNeeded(0.05), drawsNeeded(0.0005), drawsNeeded(1e-5), drawsNeeded(0.3)]).toEqual([
    200, 20_000, 1_000_000, 34,
  ]);
});

test('the threshold is the smallest value with p <= alpha', () => {
  const values = fc
    .array(fc.integer({ min: -500, max: 500 }), { minLength: 100, maxLength: 150 })
    .map((whole) => Float64Array.from(whole, (value) => value / 8));
  fc.assert(
    fc.property(values, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (simulated, alpha) => {
      const pValue = (x: number) =>
        (1 + simulated.filter((other) => other >= x).length) / (simulated.length + 1);
      const threshold = tailThreshold(simulated, alpha);
      expect(pValue(threshold)).toBeLessThanOrEqual(alpha);
      const below =
        simulated
          .filter((value) => value < threshold)
          .sort()
          .at(-1) ?? 0;
      expect(pValue(below)).toBeGreaterThan(alpha);
    }),
  );
});

test('a tie at the threshold raises no alarm', () => {
  expect(tailThreshold(new Float64Array(200).fill(3), 0.05)).toBeGreaterThan(3);
  expect(tailThreshold(new Float64Array(200), 0.05)).toBeGreaterThan(0);
});

test('too few draws are refused with the number needed', () => {
  expect(() => tailThreshold(new Float64Array(199), 0.05)).toThrow(/needs at least 200/);
});
