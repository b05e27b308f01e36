import { assertSameLength, assertSample } from './assertions.ts';
import { mean, sum } from './summary.ts';

export type RegressionMetrics = {
  /** Mean of |predicted - actual|, unit of the target. */
  readonly mae: number;
  /** Mean of (predicted - actual)^2, unit squared. */
  readonly mse: number;
  /** Square root of `mse`, unit of the target. */
  readonly rmse: number;
  /** 1 - residual / total sum of squares, at most 1; NaN below two values. */
  readonly r2: number;
  /** Mean of predicted - actual, unit of the target: positive when the predictions run high. */
  readonly bias: number;
};

/** All five metrics. Shapes and errors as for each of them below. */
export function regressionMetrics(actual: Float64Array, predicted: Float64Array): RegressionMetrics {
  return {
    mae: mae(actual, predicted),
    mse: mse(actual, predicted),
    rmse: rmse(actual, predicted),
    r2: r2(actual, predicted),
    bias: bias(actual, predicted),
  };
}

/**
 * Mean absolute error (sklearn.metrics.mean_absolute_error).
 * @param actual n >= 1 finite values. @param predicted n finite values, same order and unit.
 * @throws RangeError when empty, of unequal length or not finite; the message names the index.
 */
export function mae(actual: Float64Array, predicted: Float64Array): number {
  return mean(getErrors(actual, predicted).map(Math.abs));
}

/** Mean squared error (sklearn.metrics.mean_squared_error). Shapes and errors as `mae`. */
export function mse(actual: Float64Array, predicted: Float64Array): number {
  return mean(getErrors(actual, predicted).map((error) => error * error));
}

/** Root of the mean squared error (sklearn.metrics.root_mean_squared_error). Shapes and errors as `mae`. */
export function rmse(actual: Float64Array, predicted: Float64Array): number {
  return Math.sqrt(mse(actual, predicted));
}

/**
 * Coefficient of determination (sklearn.metrics.r2_score with force_finite): for a constant `actual` 1 when
 * the prediction is perfect and 0 otherwise; NaN for a single value, where it is undefined. Shapes and errors
 * as `mae`.
 */
export function r2(actual: Float64Array, predicted: Float64Array): number {
  const errors = getErrors(actual, predicted);
  if (errors.length < 2) return Number.NaN;
  const residual = sum(errors.map((error) => error * error));
  const center = mean(actual);
  const total = sum(actual.map((value) => (value - center) ** 2));
  if (total === 0) return residual === 0 ? 1 : 0;
  return 1 - residual / total;
}

/** Mean of predicted - actual. Shapes and errors as `mae`. */
export function bias(actual: Float64Array, predicted: Float64Array): number {
  return mean(getErrors(actual, predicted));
}

function getErrors(actual: Float64Array, predicted: Float64Array): Float64Array {
  assertSameLength('actual', actual, 'predicted', predicted);
  assertSample('actual', actual);
  assertSample('predicted', predicted);
  return predicted.map((value, index) => value - (actual[index] ?? Number.NaN));
}
