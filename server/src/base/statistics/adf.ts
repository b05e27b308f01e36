import { assertSample } from './assertions.ts';
import { normalCdf } from './normal.ts';

export type AdfResult = {
  /** t value of the lagged level: the more negative, the less like a random walk. */
  readonly statistic: number;
  /** P of a statistic this small if the series were a random walk. */
  readonly pValue: number;
  /** Lagged differences in the regression. */
  readonly lags: number;
};

/**
 * Augmented Dickey-Fuller test with a constant; the number of lagged differences has the smallest AIC up to
 * 12 (n / 100)^(1/4) (statsmodels.tsa.stattools.adfuller with its defaults). Null when the series is constant or too
 * short to be tested.
 *
 * Source: Said and Dickey (1984), Biometrika 71; Schwert (1989) for the most lags.
 * @param values n finite values in time order. @throws RangeError when a value is not finite.
 */
export function adfTest(values: Float64Array): AdfResult | null {
  assertSample('values', values, 0);
  const n = values.length;
  const most = Math.min(Math.floor(n / 2) - 2, Math.ceil(12 * (n / 100) ** 0.25));
  if (most < 0 || values.every((value) => value === values[0])) return null;
  const lags = bestLags(values, most);
  const statistic = levelT(values, lags);
  if (!Number.isFinite(statistic)) return null;
  return { statistic, pValue: mackinnonP(statistic), lags };
}

/** Row t of the regression explains x[t+1] - x[t] for t from `first` on. */
function differences(values: Float64Array, first: number, lag: number): Float64Array {
  return Float64Array.from(
    { length: values.length - 1 - first },
    (_, i) => (values[first + i + 1 - lag] ?? 0) - (values[first + i - lag] ?? 0),
  );
}

const levels = (values: Float64Array, first: number): Float64Array => values.slice(first, values.length - 1);

/** All candidates on the same rows; the residuals of nested regressions fall out of one orthogonalisation. */
function bestLags(values: Float64Array, most: number): number {
  const target = differences(values, most, 0);
  const fit = leastSquares(target);
  fit.add(new Float64Array(target.length).fill(1));
  fit.add(levels(values, most));
  let best = { lags: 0, aic: Number.POSITIVE_INFINITY };
  for (let lags = 0; lags <= most; lags += 1) {
    if (lags > 0) fit.add(differences(values, most, lags));
    // Gaussian log-likelihood up to a constant; two more parameters than lags.
    const aic = target.length * Math.log(fit.residual() / target.length) + 2 * (lags + 2);
    if (aic < best.aic) best = { lags, aic };
  }
  return best.lags;
}

/** The level comes last, so that its coefficient and its error need no matrix to be inverted. */
function levelT(values: Float64Array, lags: number): number {
  const target = differences(values, lags, 0);
  const fit = leastSquares(target);
  fit.add(new Float64Array(target.length).fill(1));
  for (let lag = 1; lag <= lags; lag += 1) fit.add(differences(values, lags, lag));
  const { projection } = fit.add(levels(values, lags));
  return projection / Math.sqrt(fit.residual() / (target.length - lags - 2));
}

/** Columns made orthonormal one after the other (modified Gram-Schmidt), the target's rest kept beside them. */
function leastSquares(target: Float64Array) {
  const basis: Float64Array[] = [];
  const rest = target.slice();
  return {
    add(column: Float64Array): { projection: number } {
      const next = column.slice();
      // Twice, because once loses digits where columns are nearly parallel.
      for (let round = 0; round < 2; round += 1)
        for (const known of basis) subtract(next, known, dot(next, known));
      const norm = Math.sqrt(dot(next, next));
      if (!(norm > 1e-10 * Math.sqrt(dot(column, column)))) return { projection: 0 };
      for (let i = 0; i < next.length; i += 1) next[i] = (next[i] ?? 0) / norm;
      const projection = dot(rest, next);
      subtract(rest, next, projection);
      basis.push(next);
      return { projection };
    },
    residual: () => dot(rest, rest),
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i += 1) total += (a[i] ?? 0) * (b[i] ?? 0);
  return total;
}

function subtract(from: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < from.length; i += 1) from[i] = (from[i] ?? 0) - times * (what[i] ?? 0);
}

/**
 * Approximate p-value of a Dickey-Fuller statistic with a constant, one series: the normal distribution of a
 * polynomial in it.
 *
 * Source: MacKinnon (1994), J. Bus. Econ. Stat. 12, coefficients for "c", N = 1.
 */
export function mackinnonP(statistic: number): number {
  if (statistic > 2.74) return 1;
  if (statistic < -18.83) return 0;
  const polynomial =
    statistic <= -1.61
      ? 2.1659 + 1.4412 * statistic + 0.038269 * statistic ** 2
      : 1.7339 + 0.93202 * statistic - 0.12745 * statistic ** 2 - 0.010368 * statistic ** 3;
  return normalCdf(polynomial);
}
