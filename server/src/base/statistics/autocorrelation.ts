import { assertCount, assertSample } from './assertions.ts';
import { mean } from './summary.ts';

/**
 * Autocorrelation at lags 0 … `lags`: sample autocovariance over n (not n - k), so that the sequence is positive
 * semi-definite (statsmodels.tsa.stattools.acf with its defaults). All NaN past lag 0 for a constant.
 * @param values n >= 2 finite values in time order. @param lags below n.
 * @throws RangeError when too short or not finite.
 */
export function autocorrelation(values: Float64Array, lags: number): Float64Array {
  assertSample('values', values, 2);
  assertCount('lags', lags, 0);
  const center = mean(values);
  const centered = values.map((value) => value - center);
  const covariance = (lag: number): number => {
    let total = 0;
    for (let i = lag; i < centered.length; i += 1) total += (centered[i] ?? 0) * (centered[i - lag] ?? 0);
    return total;
  };
  const whole = covariance(0);
  return Float64Array.from({ length: Math.min(lags, values.length - 1) + 1 }, (_, lag) =>
    lag === 0 ? 1 : covariance(lag) / whole,
  );
}

/**
 * Partial autocorrelation from autocorrelations, at the same lags: the last coefficient of each autoregression, by
 * the recursion of Levinson (1947) and Durbin (1960) (statsmodels.tsa.stattools.pacf, method "ldb").
 * @param acf autocorrelations from lag 0 on.
 */
export function partialAutocorrelation(acf: Float64Array): Float64Array {
  const partial = new Float64Array(acf.length);
  partial[0] = 1;
  let coefficients: number[] = [];
  let error = 1;
  for (let lag = 1; lag < acf.length; lag += 1) {
    const explained = coefficients.reduce((sum, value, k) => sum + value * (acf[lag - 1 - k] ?? 0), 0);
    const next = ((acf[lag] ?? 0) - explained) / error;
    coefficients = coefficients.map((value, k) => value - next * (coefficients[lag - 2 - k] ?? 0));
    coefficients.push(next);
    error *= 1 - next * next;
    partial[lag] = next;
  }
  return partial;
}
