import { describe, expect, test } from 'vitest';
import { createRandom } from '../random.ts';
import { binaryScorer, sortByScore } from './binary-scores.ts';
import { confusionCells, confusionScores } from './confusion-scores.ts';
import { calibrationCurve, scoreCurve, thresholdCurve } from './curves.ts';
import { labelFigures } from './label-scores.ts';
import { ascendingOrder } from './order.ts';
import { queryFigures } from './ranking-scores.ts';
import { regressionScorer } from './regression-scores.ts';
import { assertWeights, unitWeights } from './scorer.ts';

const random = createRandom(7);
const numbers = (count: number, value: () => number) => Float64Array.from({ length: count }, value);
const of = (...values: number[]) => Float64Array.from(values);

test('places in ascending order, equal values in theirs, whatever the sign and size', () => {
  const values = numbers(3000, () => Math.round(random.normal() * 20) * 10 ** (random.integer(40) - 20));
  values.set([-0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, -5e-324]);
  const places = [...values.keys()].sort((a, b) => {
    const [x = 0, y = 0] = [values[a], values[b]];
    return x < y ? -1 : x > y ? 1 : a - b;
  });
  expect([...ascendingOrder(values)]).toEqual(places);
  expect([...ascendingOrder(of())]).toEqual([]);
});

// Recorded from scikit-learn 1.9: y = [0, 0, 1, 1], s = [0.1, 0.4, 0.35, 0.8].
test('scores of the example of the manual', () => {
  const scores = binaryScorer({ truth: of(0, 0, 1, 1), score: of(0.1, 0.4, 0.35, 0.8), threshold: 0.5 });
  expect(scores(unitWeights(4))).toMatchObject({
    roc_auc: 0.75,
    average_precision: expect.closeTo(0.8333333333333333, 12),
    accuracy: 0.75,
    precision: 1,
    recall: 0.5,
    f1: expect.closeTo(0.6666666666666666, 12),
    brier: expect.closeTo(0.158125, 12),
  });
});

test('one class only: what needs two is undefined, the rest stands', () => {
  const scores = binaryScorer({ truth: of(0, 0), score: of(0.2, 0.7), threshold: 0.5 })(unitWeights(2));
  expect(scores).toMatchObject({ accuracy: 0.5, recall: 0, average_precision: 0 });
  for (const name of ['roc_auc', 'ks', 'd2_brier', 'd2_log_loss', 'positive_likelihood_ratio'])
    expect(scores[name], name).toBeNaN();
});

test('a class that was never called has precision 0, one that never happened no recall', () => {
  const cells = confusionCells([0, 0, 1], [0, 2, 0], unitWeights(3), 3);
  expect(confusionScores(cells)).toMatchObject({
    accuracy: 1 / 3,
    balanced_accuracy: 0.25,
    recall_macro: 1 / 6,
  });
});

test('a weight of two is a row twice', () => {
  const truth = numbers(40, () => random.normal());
  const prediction = truth.map((value) => value + random.normal());
  const weights = numbers(40, () => random.integer(4));
  const repeat = (values: Float64Array) =>
    Float64Array.from([...values].flatMap((value, i) => Array<number>(weights[i] ?? 0).fill(value)));
  const twice = { truth: repeat(truth), prediction: repeat(prediction) };
  const expected = regressionScorer(twice)(unitWeights(twice.truth.length));
  for (const [name, value] of Object.entries(regressionScorer({ truth, prediction })(weights)))
    expect(value, name).toBeCloseTo(expected[name] ?? Number.NaN, 10);
});

test('intervals of predictions and errors against the row before', () => {
  const interval = { lower: of(0, 0, 0), upper: of(2, 2, 2) };
  const scores = regressionScorer({ truth: of(1, 3, 2), prediction: of(1, 1, 1), interval, isInOrder: true });
  expect(scores(unitWeights(3))).toMatchObject({
    interval_coverage: 2 / 3,
    interval_width: 2,
    interval_score: expect.closeTo(2 + 20 / 3, 12),
    mase: expect.closeTo(1 / 1.5, 12),
  });
});

test('the curves end where everything is called', () => {
  const truth = numbers(900, () => random.integer(2));
  const rows = sortByScore({ truth, score: numbers(900, () => random.next()) });
  const weights = unitWeights(900);
  const curve = scoreCurve(rows, weights);
  expect(curve).toHaveLength(200);
  expect(curve.at(-1)).toMatchObject({ truePositiveRate: 1, falsePositiveRate: 1 });
  const thresholds = thresholdCurve(rows, weights);
  expect(thresholds[0]).toMatchObject({ threshold: 0, recall: 1, called: 1 });
  for (const point of [thresholds[30], thresholds[57]]) {
    const called = [...rows.score].filter((score) => score >= (point?.threshold ?? 2)).length;
    expect(point?.called).toBeCloseTo(called / 900, 12);
  }
  const calibration = calibrationCurve(rows, weights);
  expect(calibration.reduce((sum, bin) => sum + bin.rows, 0)).toBe(900);
});

test.each([
  ['score[1] is NaN', () => sortByScore({ truth: of(0, 1), score: of(0.5, Number.NaN) })],
  ['score[0] is 1.5', () => sortByScore({ truth: of(0), score: of(1.5) })],
  ['truth[0] is 2', () => sortByScore({ truth: of(2), score: of(0.5) })],
  ['at least 1 needed', () => sortByScore({ truth: of(), score: of() })],
  ['prediction[0] is NaN', () => regressionScorer({ truth: of(1), prediction: of(Number.NaN) })],
  ['weights[0] is -1', () => assertWeights(of(-1), 1)],
  ['sum to 0', () => assertWeights(of(0, 0), 2)],
])('refused: %s', (message, act) => {
  expect(act).toThrow(message);
});

describe("Murphy's parts of the Brier score", () => {
  const score = Float64Array.from({ length: 400 }, (_, i) => (i % 11) / 10);
  const truth = score.map((value, i) => (((i * 7919) % 100) / 100 < value ** 2 ? 1 : 0));
  const weights = truth.map((_, i) => 0.5 + (i % 3));

  test('sum to it where every bin holds one score', () => {
    const held = score.map((value) => Math.max(0.1, value));
    for (const used of [unitWeights(400), weights]) {
      const scores = binaryScorer({ truth, score: held, threshold: 0.5 })(used);
      const { brier_reliability = 0, brier_resolution = 0, brier_uncertainty = 0, brier = 0 } = scores;
      expect(brier_reliability).toBeGreaterThan(0.01);
      expect(brier_resolution).toBeGreaterThan(0.05);
      expect(brier_reliability - brier_resolution + brier_uncertainty).toBeCloseTo(brier, 12);
    }
  });
});

test('equal scores of a ranking are worth what a random order is', () => {
  const gain = Float64Array.of(1, 0, 0, 0);
  const [query, score] = [new Float64Array(4), new Float64Array(4)];
  const { names, values } = queryFigures({ query, gain, score, cutoffs: [2] });
  const found = Object.fromEntries(names.map((name, k) => [name, values[k]]));
  expect(found.mrr).toBeCloseTo((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, 12);
  expect(found.precision_at_2).toBeCloseTo(1 / 4, 12);
  expect(found.recall_at_2).toBeCloseTo(1 / 2, 12);
  expect(found.map_at_2).toBeCloseTo((1 + 1 / 2) / 4, 12);
});

test('figures of rankings and labels refuse what they cannot read', () => {
  const one = new Float64Array(2);
  const ranking = { query: one, gain: Float64Array.of(0, -1), score: one, cutoffs: [5] };
  expect(() => queryFigures(ranking)).toThrow('gain[1] is -1; it must be at least 0');
  expect(() => queryFigures({ ...ranking, gain: one, score: Float64Array.of(1, Number.NaN) })).toThrow(
    'score[1]',
  );
  expect(() => labelFigures({ truth: [], called: [], scores: null })).toThrow('truth has 0 values');
});
