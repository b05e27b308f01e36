import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bootstrapInterval } from './bootstrap.ts';
import { createRandom } from './random.ts';
import { mean, variance } from './summary.ts';

const normals = (count: number, seed: number) => {
  const random = createRandom(seed);
  return new Float64Array(count).map(() => random.normal());
};

test('the interval of a mean is close to the normal one', () => {
  const values = normals(400, 1);
  const { lower, upper, estimate } = bootstrapInterval({
    values,
    statistic: mean,
    alpha: 0.05,
    random: createRandom(2),
  });
  const halfWidth = 1.96 * Math.sqrt(variance(values) / 400);
  expect(estimate).toBe(mean(values));
  expect(lower).toBeCloseTo(estimate - halfWidth, 1.5);
  expect((upper - lower) / (2 * halfWidth)).toBeCloseTo(1, 0.9);
});

test('blocks widen the interval of a series that remembers', () => {
  const noise = normals(600, 3);
  const values = noise.slice();
  for (let t = 1; t < values.length; t += 1) values[t] = 0.8 * (values[t - 1] ?? 0) + (noise[t] ?? 0);
  const width = (blockLength: number) => {
    const options = { values, statistic: mean, alpha: 0.1, random: createRandom(4), blockLength };
    const { lower, upper } = bootstrapInterval(options);
    return upper - lower;
  };
  expect(width(25) / width(1)).toBeGreaterThan(1.8);
});

test('covers the true mean about as often as promised', () => {
  const random = createRandom(5);
  let hits = 0;
  for (let trial = 0; trial < 300; trial += 1) {
    const values = new Float64Array(40).map(() => random.normal());
    const { lower, upper } = bootstrapInterval({ values, statistic: mean, alpha: 0.1, random, draws: 200 });
    if (lower <= 0 && upper >= 0) hits += 1;
  }
  expect(hits / 300).toBeGreaterThan(0.82);
  expect(hits / 300).toBeLessThan(0.95);
});

test('stays within the values, repeats with the seed, and a full block is certain', () => {
  const arbitrary = fc.float64Array({ noNaN: true, min: -5, max: 5, minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(arbitrary, fc.integer(), fc.nat(), (values, seed, block) => {
      const blockLength = 1 + (block % values.length);
      const statistic = (sample: Float64Array) => Math.max(...sample);
      const compute = (length: number) =>
        bootstrapInterval({
          values,
          statistic,
          alpha: 0.1,
          random: createRandom(seed),
          draws: 40,
          blockLength: length,
        });
      const interval = compute(blockLength);
      expect(compute(blockLength)).toEqual(interval);
      expect(interval.lower).toBeGreaterThanOrEqual(Math.min(...values));
      expect(interval.upper).toBeLessThanOrEqual(Math.max(...values));
      expect(compute(values.length).lower).toBe(interval.estimate);
    }),
  );
});

test('refuses options out of range', () => {
  const options = { values: normals(9, 1), statistic: mean, alpha: 0.05, random: createRandom(1) };
  expect(() => bootstrapInterval({ ...options, blockLength: 10 })).toThrow(
    /blockLength is 10; values has only 9/,
  );
  expect(() => bootstrapInterval({ ...options, draws: 39 })).toThrow(/draws is 39/);
  expect(() => bootstrapInterval({ ...options, alpha: 0 })).toThrow(/alpha is 0/);
  expect(() => bootstrapInterval({ ...options, statistic: () => Number.NaN })).toThrow(
    /statistic of the resamples\[0\]/,
  );
});
