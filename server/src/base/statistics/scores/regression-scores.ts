import { assertSameLength, assertSample } from '../assertions.ts';
import { ascendingOrder } from './order.ts';
import { ratio, type Scorer, type Scores } from './scorer.ts';

/** Smallest denominator of a relative error (numpy.finfo(float64).eps, as scikit-learn has it). */
const smallestDenominator = 2 ** -52;

export interface RegressionRows {
  /** n finite values. */
  readonly truth: Float64Array;
  /** n finite values, same unit. */
  readonly prediction: Float64Array;
  /** Bounds of each prediction, n finite values each, same unit. */
  readonly interval?: { readonly lower: Float64Array; readonly upper: Float64Array } | undefined;
  /** Whether the rows are in order of time: then errors are also held against "same as the row before" (mase). */
  readonly isInOrder?: boolean | undefined;
}

/**
 * Every score of a regression.
 *
 * Sources: sklearn.metrics mean_absolute_error, mean_squared_error, root_mean_squared_error, median_absolute_error
 * (weighted: the mean of the two middle values where the half falls between them), mean_absolute_percentage_error, r2_score,
 * explained_variance_score, max_error, mean_pinball_loss (alpha 0.1 and 0.9), mean_squared_log_error and its root (NaN
 * where a value is -1 or less); smape = mean 2|e| / (|y| + |p|), 0 where both are 0 (Makridakis 1993); wape = sum |e| /
 * sum |y|; mase = mae / mean |y_t - y_(t-1)| of these rows (Hyndman and Koehler 2006), unweighted. bias is the mean of
 * prediction - truth: positive when the predictions run high. interval_coverage, interval_width and interval_score
 * (Winkler's, level 90 %: Gneiting and Raftery 2007) where bounds are given. r2 is NaN for a single row.
 * @throws RangeError when empty, of unequal length or not finite; it names the index.
 */
export function regressionScorer(given: RegressionRows): Scorer {
  const { truth, prediction } = given;
  assertSameLength('truth', truth, 'prediction', prediction);
  assertSample('truth', truth);
  assertSample('prediction', prediction);
  const errors = prediction.map((value, i) => value - (truth[i] as number));
  const byError = ascendingOrder(errors.map(Math.abs));
  const columns = lossColumns(given, errors);
  const scale = given.isInOrder ? naiveScale(truth) : null;
  return (weights) => {
    const means = weightedMeans(columns, weights);
    return finish({ means, errors, byError, weights, truth, scale });
  };
}

/** Names and values of what is averaged. */
type Columns = readonly (readonly [string, Float64Array])[];

function lossColumns({ truth, prediction, interval }: RegressionRows, errors: Float64Array): Columns {
  const isLoggable = truth.every((value) => value > -1) && prediction.every((value) => value > -1);
  const logs = isLoggable
    ? errors.map((_, i) => (Math.log1p(prediction[i] as number) - Math.log1p(truth[i] as number)) ** 2)
    : null;
  return [
    ['mae', errors.map(Math.abs)],
    ['mse', errors.map((error) => error * error)],
    ['bias', errors],
    ['mape', errors.map((e, i) => Math.abs(e) / Math.max(Math.abs(truth[i] as number), smallestDenominator))],
    [
      'smape',
      errors.map((e, i) =>
        ratio(2 * Math.abs(e), Math.abs(truth[i] as number) + Math.abs(prediction[i] as number)),
      ),
    ],
    ['pinball_10', errors.map((error) => (error > 0 ? 0.9 * error : -0.1 * error))],
    ['pinball_90', errors.map((error) => (error > 0 ? 0.1 * error : -0.9 * error))],
    ['size', truth.map(Math.abs)],
    ...(logs ? ([['msle', logs]] as const) : []),
    ...(interval ? intervalColumns(truth, interval) : []),
  ];
}

function intervalColumns(
  truth: Float64Array,
  { lower, upper }: NonNullable<RegressionRows['interval']>,
): Columns {
  assertSameLength('truth', truth, 'lower', lower);
  assertSameLength('truth', truth, 'upper', upper);
  assertSample('lower', lower);
  assertSample('upper', upper);
  const outside = truth.map((value, i) =>
    Math.max(0, (lower[i] as number) - value, value - (upper[i] as number)),
  );
  const width = upper.map((value, i) => value - (lower[i] as number));
  return [
    ['interval_coverage', outside.map((distance) => (distance > 0 ? 0 : 1))],
    ['interval_width', width],
    ['interval_score', width.map((value, i) => value + 20 * (outside[i] as number))],
  ];
}

function weightedMeans(columns: Columns, weights: Float64Array): Map<string, number> {
  let total = 0;
  for (const weight of weights) total += weight;
  return new Map(
    columns.map(([name, values]) => {
      let sum = 0;
      for (let i = 0; i < values.length; i += 1) sum += (weights[i] as number) * (values[i] as number);
      return [name, sum / total];
    }),
  );
}

/** Mean step from a row to the next; NaN where there is none. */
function naiveScale(truth: Float64Array): number {
  let sum = 0;
  for (let i = 1; i < truth.length; i += 1) sum += Math.abs((truth[i] as number) - (truth[i - 1] as number));
  return ratio(sum, truth.length - 1, Number.NaN);
}

interface Finished {
  readonly means: ReadonlyMap<string, number>;
  readonly errors: Float64Array;
  readonly byError: Uint32Array;
  readonly weights: Float64Array;
  readonly truth: Float64Array;
  readonly scale: number | null;
}

function finish({ means, errors, byError, weights, truth, scale }: Finished): Scores {
  const { size = 0, ...named } = Object.fromEntries(means);
  const { mae = Number.NaN, mse = Number.NaN, bias = Number.NaN } = named;
  const { rows, spread } = spreadOf(truth, weights);
  return {
    ...named,
    rmse: Math.sqrt(mse),
    ...(named.msle !== undefined && { rmsle: Math.sqrt(named.msle) }),
    wape: ratio(mae, size, Number.NaN),
    r2: rows < 2 ? Number.NaN : shareExplained(mse, spread),
    explained_variance: shareExplained(Math.max(0, mse - bias * bias), spread),
    median_absolute_error: weightedMedian(errors, byError, weights),
    max_error: largest(errors, byError, weights),
    ...(scale !== null && { mase: ratio(mae, scale, Number.NaN) }),
  };
}

/** As scikit-learn with force_finite: a constant truth is explained by a perfect prediction and by no other. */
function shareExplained(residual: number, spread: number): number {
  if (spread === 0) return residual === 0 ? 1 : 0;
  return 1 - residual / spread;
}

/** Rows with a weight above 0, and the variance of their truth. */
function spreadOf(truth: Float64Array, weights: Float64Array): { rows: number; spread: number } {
  // Around the first value: the sums of a target far from 0 would lose their digits.
  const origin = truth[0] as number;
  let [rows, total, sum, squares] = [0, 0, 0, 0];
  for (let i = 0; i < truth.length; i += 1) {
    const weight = weights[i] as number;
    const value = (truth[i] as number) - origin;
    rows += weight > 0 ? 1 : 0;
    total += weight;
    sum += weight * value;
    squares += weight * value * value;
  }
  const center = sum / total;
  return { rows, spread: Math.max(0, squares / total - center * center) };
}

/** @param byError places by rising absolute error. */
function weightedMedian(errors: Float64Array, byError: Uint32Array, weights: Float64Array): number {
  let half = 0;
  for (const weight of weights) half += weight / 2;
  let passed = 0;
  for (let i = 0; i < byError.length; i += 1) {
    passed += weights[byError[i] as number] as number;
    if (passed < half * (1 - 1e-14)) continue;
    const value = Math.abs(errors[byError[i] as number] as number);
    if (passed > half * (1 + 1e-14)) return value;
    const next = byError.subarray(i + 1).find((place) => (weights[place] as number) > 0);
    return next === undefined ? value : (value + Math.abs(errors[next] as number)) / 2;
  }
  return Number.NaN;
}

function largest(errors: Float64Array, byError: Uint32Array, weights: Float64Array): number {
  const place = byError.findLast((row) => (weights[row] as number) > 0);
  return place === undefined ? Number.NaN : Math.abs(errors[place] as number);
}
