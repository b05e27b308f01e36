import { sum } from './summary.ts';

export type Moments = {
  /** Compensated sum, unit of the values. */
  readonly sum: number;
  readonly mean: number;
  /** Sample variance (n - 1), unit squared; NaN below two values. */
  readonly variance: number;
  /** Bias-corrected, no unit (pandas.Series.skew); NaN for a constant and below three values. */
  readonly skewness: number;
  /** Bias-corrected excess, no unit (pandas.Series.kurt); NaN for a constant and below four values. */
  readonly kurtosis: number;
};

/**
 * The first four moments in two passes, about the mean. What overflows a double comes out as an infinity or NaN.
 *
 * Source: Joanes and Gill (1998), The Statistician 47, G1 and G2, as in pandas and SAS.
 * @param values n >= 0 finite values, in any order; not checked, for inner loops.
 */
export function moments(values: Float64Array): Moments {
  const n = values.length;
  const total = sum(values);
  const mean = n === 0 ? Number.NaN : total / n;
  let [second, third, fourth] = [0, 0, 0];
  for (const value of values) {
    const distance = value - mean;
    const square = distance * distance;
    second += square;
    third += square * distance;
    fourth += square * square;
  }
  return {
    sum: total,
    mean,
    variance: n < 2 ? Number.NaN : second / (n - 1),
    skewness: skewnessOf(n, second, third),
    kurtosis: kurtosisOf(n, second, fourth),
  };
}

function skewnessOf(n: number, second: number, third: number): number {
  if (n < 3 || second === 0) return Number.NaN;
  return ((n * Math.sqrt(n - 1)) / (n - 2)) * (third / second ** 1.5);
}

function kurtosisOf(n: number, second: number, fourth: number): number {
  if (n < 4 || second === 0) return Number.NaN;
  const scaled = (n * (n + 1) * (n - 1) * (fourth / second / second)) / ((n - 2) * (n - 3));
  return scaled - (3 * (n - 1) ** 2) / ((n - 2) * (n - 3));
}
