import { expect, test } from 'vitest';
import { createRandom } from './random.ts';
import { mean, sum, variance } from './summary.ts';
import { drawBinomial, drawDirichlet, drawGamma, drawMultinomial } from './variates.ts';

const DRAWS = 40_000;

test('binomial draws follow the distribution', () => {
  // scipy 1.17.1: scipy.stats.binom(40, .3).cdf(k) for k = 8, 12, 16
  const random = createRandom(1);
  const draws = new Float64Array(DRAWS).map(() => drawBinomial(40, 0.3, random));
  for (const [k, expected] of [
    [8, 0.1110091752],
    [12, 0.5771809245],
    [16, 0.9366871245],
  ] as const) {
    expect(Math.abs(draws.filter((draw) => draw <= k).length / DRAWS - expected)).toBeLessThan(0.01);
  }
});

test.each([
  [5, 0.2],
  [30, 0.9],
  [1000, 0.003],
  [100_000, 0.1],
  [2_000_000, 0.6],
])('binomial(%d, %d) has mean np and variance np(1-p)', (n, p) => {
  const random = createRandom(2);
  const draws = new Float64Array(DRAWS).map(() => drawBinomial(n, p, random));
  const spread = n * p * (1 - p);
  expect(Math.abs(mean(draws) - n * p)).toBeLessThan(4 * Math.sqrt(spread / DRAWS));
  expect(Math.abs(variance(draws) / spread - 1)).toBeLessThan(0.04);
  expect(draws.every((draw) => Number.isInteger(draw) && draw >= 0 && draw <= n)).toBe(true);
});

test('binomial draws at the ends are certain', () => {
  const random = createRandom(3);
  expect([drawBinomial(9, 0, random), drawBinomial(9, 1, random), drawBinomial(0, 0.5, random)]).toEqual([
    0, 9, 0,
  ]);
});

test('multinomial counts sum to n and share out by probability', () => {
  const random = createRandom(4);
  const totals = new Float64Array(3);
  for (let draw = 0; draw < 5000; draw += 1) {
    const counts = drawMultinomial(20, Float64Array.of(0.5, 0, 0.5), random);
    expect(sum(counts)).toBe(20);
    for (const [index, count] of counts.entries()) totals[index] = (totals[index] ?? 0) + count;
  }
  expect(totals[1]).toBe(0);
  expect(Math.abs((totals[0] ?? 0) / 100_000 - 0.5)).toBeLessThan(0.01);
});

test.each([0.3, 1, 7.5])('gamma(%d) has mean and variance equal to its shape', (shape) => {
  const random = createRandom(5);
  const draws = new Float64Array(DRAWS).map(() => drawGamma(shape, random));
  expect(Math.abs(mean(draws) / shape - 1)).toBeLessThan(0.05);
  expect(Math.abs(variance(draws) / shape - 1)).toBeLessThan(0.1);
});

test('Dirichlet draws sum to 1 and keep a weight of 0', () => {
  const draw = drawDirichlet(Float64Array.of(3, 0, 5), createRandom(6));
  expect(sum(draw)).toBeCloseTo(1, 12);
  expect(draw[1]).toBe(0);
});
