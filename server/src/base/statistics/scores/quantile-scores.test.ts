import { expect, test } from 'vitest';
import { quantileScorer } from './quantile-scores.ts';
import { unitWeights } from './scorer.ts';

const truth = Float64Array.of(1, 2, 3, 4);
const quantiles = [
  { level: 0.9, values: Float64Array.of(2, 2, 2, 9) },
  { level: 0.1, values: Float64Array.of(0, 1, 2, 4) },
  { level: 0.5, values: Float64Array.of(1, 3, 2, 5) },
];

test('losses, coverage, width and crossing by hand', () => {
  const scores = quantileScorer(truth, quantiles)(unitWeights(4));
  // Of 0.1: misses 1, 1, 1, 0; of 0.5: 0, -1, 1, -1; of 0.9: -1, 0, 1, -5.
  expect(scores.quantile_loss_10).toBeCloseTo(0.075);
  expect(scores.quantile_loss_50).toBeCloseTo(0.375);
  expect(scores.quantile_loss_90).toBeCloseTo((0.1 + 0 + 0.9 + 0.5) / 4);
  expect(scores.crps).toBeCloseTo((2 * (0.075 + 0.375 + 0.375)) / 3);
  expect(scores.coverage_80).toBe(0.75);
  expect(scores.width_80).toBeCloseTo((2 + 1 + 0 + 5) / 4);
  expect(scores.crossing).toBe(0.25);
});

test('weights count a row as often as they say', () => {
  const twice = quantileScorer(truth, quantiles)(Float64Array.of(2, 0, 1, 1));
  expect(twice.coverage_80).toBe(0.75);
  expect(twice.crossing).toBe(0);
});

test('a level outside (0, 1), none, and what is not finite are refused', () => {
  expect(() => quantileScorer(truth, [])).toThrow('at least 1');
  expect(() => quantileScorer(truth, [{ level: 1, values: truth }])).toThrow('(0, 1)');
  expect(() => quantileScorer(truth, [{ level: 0.5, values: truth.map(() => Number.NaN) }])).toThrow('0.5');
});
