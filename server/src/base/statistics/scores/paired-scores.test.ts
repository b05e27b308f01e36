import { expect, test } from 'vitest';
import { createRandom } from '../random.ts';
import { aucWithError } from './auc-error.ts';
import { ascendingOrder, pick } from './order.ts';
import { delongTest, mcnemar, pairedMean } from './paired-scores.ts';
import { unitWeights } from './scorer.ts';

const random = createRandom(21);
const numbers = (count: number, value: (i: number) => number) =>
  Float64Array.from({ length: count }, (_, i) => value(i));
const truth = numbers(400, () => random.integer(2));
const score = truth.map((value) => Math.round((0.4 * value + random.next()) * 20) / 20);

test('against a score that tells nothing the error is that of the area alone', () => {
  const found = delongTest(truth, score, new Float64Array(400), 0.05);
  const order = ascendingOrder(score).reverse();
  const alone = aucWithError(pick(truth, order), pick(score, order), unitWeights(400));
  expect(found?.difference).toBeCloseTo(alone.value - 0.5, 12);
  const half = ((found?.interval[1] ?? 0) - (found?.interval[0] ?? 0)) / 2;
  expect(half / 1.959963984540054).toBeCloseTo(alone.error, 10);
});

test('a score against itself differs in nothing, against its reverse in everything', () => {
  expect(delongTest(truth, score, score, 0.05)).toEqual({ difference: 0, interval: [0, 0], pValue: 1 });
  const reversed = delongTest(
    truth,
    score,
    score.map((value) => -value),
    0.05,
  );
  expect(reversed?.pValue).toBeLessThan(1e-6);
  expect(
    delongTest(
      new Float64Array(5),
      numbers(5, (i) => i),
      new Float64Array(5),
      0.05,
    ),
  ).toBeNull();
});

test('p of the wrong difference is uniform: two equally good scores', () => {
  const values = numbers(200, () => {
    const outcome = numbers(80, () => random.integer(2));
    const noisy = () => outcome.map((value) => value + random.normal());
    return delongTest(outcome, noisy(), noisy(), 0.05)?.pValue ?? Number.NaN;
  });
  // 200 draws at 0.05: 10 expected, 3.1 their deviation.
  const low = values.filter((p) => p < 0.05).length;
  expect(low).toBeGreaterThan(0);
  expect(low).toBeLessThan(24);
});

test('McNemar: the binomial, and the normal where it is large', () => {
  expect(mcnemar(10, 25, 1000, 0.05).pValue).toBeCloseTo(0.01667384780012071, 12);
  expect(mcnemar(10, 25, 1000, 0.05).difference).toBe(-0.015);
  expect(mcnemar(0, 0, 10, 0.05)).toEqual({ difference: 0, interval: [0, 0], pValue: 1 });
  expect(mcnemar(5300, 5000, 1e6, 0.05).pValue).toBeCloseTo(mcnemar(5000, 5300, 1e6, 0.05).pValue, 12);
  expect(mcnemar(5300, 5000, 1e6, 0.05).pValue).toBeCloseTo(0.0032, 3);
});

test('a mean of differences, weighted: a weight of two on all rows changes nothing', () => {
  const differences = numbers(500, () => random.normal() + 0.2);
  const once = pairedMean(differences, unitWeights(500), 0.05);
  const twice = pairedMean(differences, unitWeights(500).fill(2), 0.05);
  expect(once.pValue).toBeLessThan(0.01);
  expect(twice.interval[0]).toBeCloseTo(once.interval[0], 12);
});
