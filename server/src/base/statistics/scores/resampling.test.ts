import { expect, test } from 'vitest';
import { createRandom } from '../random.ts';
import { aucWithError } from './auc-error.ts';
import { binaryScorer, sortByScore } from './binary-scores.ts';
import { weightedMean } from './class-scores.ts';
import { binaryConfusionScores } from './confusion-scores.ts';
import { normalInterval } from './delta-method.ts';
import { pick } from './order.ts';
import { poissonDraws } from './poisson-draws.ts';
import { countIntervals, planSubsets, resampledIntervals } from './resampling.ts';
import { unitWeights } from './scorer.ts';
import { regressionFigures, sliceScores } from './slice-scores.ts';
import { worstSlices } from './worst-slices.ts';

const random = createRandom(11);
const numbers = (count: number, value: () => number) => Float64Array.from({ length: count }, value);
const options = { alpha: 0.05, rounds: 400, seed: 3 };

test('Poisson draws have their mean and variance', () => {
  for (const mean of [1, 63.1, 900]) {
    const draw = poissonDraws(mean, random);
    const drawn = numbers(20_000, draw);
    const found = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const spread = drawn.reduce((sum, value) => sum + (value - found) ** 2, 0) / drawn.length;
    expect(Math.abs(found / mean - 1)).toBeLessThan(0.05);
    expect(Math.abs(spread / mean - 1)).toBeLessThan(0.06);
  }
});

test.each([
  [5000, 'bootstrap'],
  [120_000, 'little-bootstraps'],
] as const)('the interval of a mean of %i rows is that of the theory (%s)', (rows, method) => {
  const values = numbers(rows, () => 3 + random.normal());
  const weights = unitWeights(rows);
  const mean = weightedMean(values, weights);
  const scorerOf = (places: Uint32Array) => {
    const own = pick(values, places);
    return (drawn: Float64Array) => ({ mean: weightedMean(own, drawn) });
  };
  const found = resampledIntervals({ mean }, { ...options, weights, scorerOf }).mean;
  const reach = 1.96 / Math.sqrt(rows);
  expect(found?.method).toBe(method);
  expect(((found?.upper ?? 0) - mean) / reach).toBeCloseTo(1, 0);
  expect((mean - (found?.lower ?? 0)) / reach).toBeCloseTo(1, 0);
});

test('a rare outcome asks for larger subsets, a small table for all rows', () => {
  expect(planSubsets(1_000_000)).toEqual({ size: 20_000, subsets: 10 });
  expect(planSubsets(1_000_000, 0.001)).toEqual({ size: 200_000, subsets: 5 });
  expect(planSubsets(1_000_000, 0.0001)).toEqual({ size: 1_000_000, subsets: 1 });
  expect(planSubsets(300)).toEqual({ size: 300, subsets: 1 });
});

test('counts and rows drawn give the same interval', () => {
  const truth = numbers(3000, () => random.integer(2));
  const score = truth.map((value) => 0.3 * value + 0.7 * random.next());
  const weights = unitWeights(3000);
  const scorerOf = (places: Uint32Array) =>
    binaryScorer({ truth: pick(truth, places), score: pick(score, places), threshold: 0.5 });
  const estimate = binaryScorer({ truth, score, threshold: 0.5 })(weights);
  const rows = resampledIntervals(estimate, { ...options, weights, scorerOf });
  const cells = new Float64Array(4);
  truth.forEach((value, i) => {
    const cell = value * 2 + ((score[i] ?? 0) >= 0.5 ? 1 : 0);
    cells[cell] = (cells[cell] ?? 0) + 1;
  });
  const counts = countIntervals(cells, binaryConfusionScores, options);
  for (const name of ['accuracy', 'f1', 'matthews_corrcoef', 'precision'])
    expect(counts[name]?.lower, name).toBeCloseTo(rows[name]?.lower ?? Number.NaN, 1);
  const sorted = sortByScore({ truth, score });
  const auc = aucWithError(pick(truth, sorted.order), pick(score, sorted.order), weights);
  expect(auc.value).toBeCloseTo(estimate.roc_auc ?? Number.NaN, 12);
  expect(normalInterval(auc, 0.05).lower).toBeCloseTo(rows.roc_auc?.lower ?? Number.NaN, 2);
});

test('no interval where a resample can lack the score', () => {
  const scorerOf = (places: Uint32Array) =>
    binaryScorer({
      truth: pick(Float64Array.of(1, 0, 0), places),
      score: pick(Float64Array.of(0.9, 0.1, 0.2), places),
      threshold: 0.5,
    });
  const weights = unitWeights(3);
  const estimate = scorerOf(Uint32Array.of(0, 1, 2))(weights);
  expect(resampledIntervals(estimate, { ...options, weights, scorerOf }).roc_auc).toEqual({
    lower: null,
    upper: null,
    method: 'bootstrap',
  });
});

test('slices: errors of means as the textbook has them, an empty and a lone one without', () => {
  const errors = Float64Array.of(1, -2, 4, 9);
  const slices = [0, 0, 0, 1];
  const [first, lone, empty] = sliceScores(slices, 3, unitWeights(4), regressionFigures(errors));
  expect(first?.scores.bias?.value).toBeCloseTo(1, 12);
  expect(first?.scores.bias?.error).toBeCloseTo(Math.sqrt(9 / 3), 8);
  expect(lone?.scores.mae).toEqual({ value: 9, error: Number.NaN });
  expect(empty).toMatchObject({ rows: 0, scores: { mae: { value: Number.NaN } } });
});

test('the worst slice is found, and in noise hardly ever one', () => {
  const tableOf = (rows: number) => {
    const cut = (name: string) => ({ name, count: 4, codes: numbers(rows, () => random.integer(4)) });
    const columns = [cut('a'), cut('b'), cut('c')];
    const losses = numbers(rows, () => Math.abs(random.normal()));
    return { columns, losses, weights: unitWeights(rows), leastRows: 50, alpha: 0.05, most: 5 };
  };
  const { columns, losses, ...search } = tableOf(6000);
  const isBad = (i: number) => columns[0]?.codes[i] === 2 && columns[1]?.codes[i] === 3;
  const worse = losses.map((loss, i) => loss + (isBad(i) ? 1 : 0));
  const { tried, found } = worstSlices({ ...search, columns, losses: worse });
  expect(tried).toBe(12 + 48);
  expect(found[0]?.parts).toEqual([
    { column: 0, code: 2 },
    { column: 1, code: 3 },
  ]);
  const alarms = Array.from({ length: 60 }, () => worstSlices(tableOf(1500)).found.length > 0);
  expect(alarms.filter(Boolean).length).toBeLessThan(10);
});
