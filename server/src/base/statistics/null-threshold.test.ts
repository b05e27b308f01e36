import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nullThreshold } from './null-threshold.ts';
import { createRandom, type Random } from './random.ts';
import { maximum, mean } from './summary.ts';

/** Absolute errors of a forecast with normal noise. */
const drawErrors = (count: number, random: Random) =>
  new Float64Array(count).map(() => Math.abs(random.normal()));

test('the threshold of a mean error is close to theory', () => {
  const random = createRandom(1);
  const reference = drawErrors(20_000, random);
  const threshold = nullThreshold({
    reference,
    windowSize: 50,
    statistic: mean,
    alpha: 0.01,
    draws: 20_000,
    random,
  });
  // Half-normal: mean sqrt(2 / pi), standard deviation sqrt(1 - 2 / pi); 2.326 is the normal 99 percent
  // quantile.
  expect(threshold).toBeCloseTo(0.7979 + (2.326 * 0.6028) / Math.sqrt(50), 1.5);
});

test('false alarms keep to alpha even when the window is as large as the reference', () => {
  const random = createRandom(2);
  let alarms = 0;
  for (let trial = 0; trial < 300; trial += 1) {
    const reference = drawErrors(100, random);
    const options = { reference, windowSize: 100, statistic: mean, alpha: 0.05, draws: 200, random };
    if (mean(drawErrors(100, random)) >= nullThreshold(options)) alarms += 1;
  }
  expect(alarms / 300).toBeLessThan(0.09);
  expect(alarms / 300).toBeGreaterThan(0.02);
});

test('a smaller alpha or a smaller window raises the threshold; the seed fixes it', () => {
  const reference = drawErrors(500, createRandom(3));
  const at = (alpha: number, windowSize: number, blockLength = 1) =>
    nullThreshold({
      reference,
      windowSize,
      statistic: mean,
      alpha,
      draws: 2000,
      random: createRandom(4),
      blockLength,
    });
  expect(at(0.005, 40)).toBeGreaterThan(at(0.05, 40));
  expect(at(0.05, 10)).toBeGreaterThan(at(0.05, 160));
  expect(at(0.05, 40, 7)).toBe(at(0.05, 40, 7));
});

test('blocks raise the threshold of a series that remembers', () => {
  const random = createRandom(5);
  const reference = new Float64Array(2000);
  for (let t = 1; t < 2000; t += 1) reference[t] = 0.9 * (reference[t - 1] ?? 0) + random.normal();
  const at = (blockLength: number) =>
    nullThreshold({
      reference,
      windowSize: 48,
      statistic: mean,
      alpha: 0.05,
      draws: 1000,
      random,
      blockLength,
    });
  expect(at(24)).toBeGreaterThan(1.5 * at(1));
});

test('windows hold reference values only', () => {
  const arbitrary = fc.float64Array({ noNaN: true, min: -9, max: 9, minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 1, max: 30 }), fc.nat(), (reference, windowSize, block) => {
      const known = new Set(reference);
      const statistic = (window: Float64Array) => {
        expect(window).toHaveLength(windowSize);
        expect(window.every((value) => known.has(value))).toBe(true);
        return maximum(window);
      };
      const blockLength = 1 + (block % reference.length);
      nullThreshold({
        reference,
        windowSize,
        statistic,
        alpha: 0.5,
        draws: 20,
        random: createRandom(block),
        blockLength,
      });
    }),
  );
});

test('refuses too few draws and options out of range', () => {
  const options = {
    reference: Float64Array.of(1, 2),
    windowSize: 5,
    statistic: mean,
    alpha: 0.01,
    draws: 1000,
  };
  const random = createRandom(1);
  expect(() => nullThreshold({ ...options, random, draws: 999 })).toThrow(/needs at least 1000/);
  expect(() => nullThreshold({ ...options, random, windowSize: 0 })).toThrow(/windowSize is 0/);
  expect(() => nullThreshold({ ...options, random, blockLength: 3 })).toThrow(/blockLength is 3/);
  expect(() => nullThreshold({ ...options, random, reference: Float64Array.of(Number.NaN) })).toThrow(
    /reference\[0\]/,
  );
});
