import { assertSample } from './assertions.ts';

/**
 * Arithmetic mean of n >= 1 finite values (numpy.mean), summed with Neumaier's compensation.
 * @throws RangeError when empty or not finite.
 */
export function mean(values: Float64Array): number {
  assertSample('values', values);
  return sum(values) / values.length;
}

/**
 * Variance, unit squared: sum((x - mean)^2) / (n - ddof) (numpy.var; `ddof` 0 = population, 1 = sample).
 * @throws RangeError when n <= ddof or a value is not finite.
 */
export function variance(values: Float64Array, { ddof = 0 }: { readonly ddof?: number } = {}): number {
  assertSample('values', values, Math.floor(ddof) + 1);
  const center = mean(values);
  const squares = values.map((value) => (value - center) ** 2);
  return sum(squares) / (values.length - ddof);
}

/** Smallest of n >= 1 finite values. @throws RangeError when empty or not finite. */
export function minimum(values: Float64Array): number {
  assertSample('values', values);
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

/** Largest of n >= 1 finite values. @throws RangeError when empty or not finite. */
export function maximum(values: Float64Array): number {
  assertSample('values', values);
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

/**
 * Quantiles by linear interpolation (numpy.quantile's default, Hyndman and Fan's type 7).
 * @param values n >= 1 finite values in any order.
 * @param probabilities k levels, each in [0, 1].
 * @returns k quantiles, in the order of `probabilities`.
 * @throws RangeError when empty, not finite, or a level lies outside [0, 1].
 */
export function quantiles(values: Float64Array, probabilities: readonly number[]): Float64Array {
  assertSample('values', values);
  const sorted = values.slice().sort();
  return Float64Array.from(probabilities, (probability) => quantileOfSorted(sorted, probability));
}

/** Middle value, or the mean of the two middle ones (numpy.median). @throws RangeError as `quantiles`. */
export function median(values: Float64Array): number {
  return quantiles(values, [0.5])[0] ?? Number.NaN;
}

/**
 * One quantile of values that are already sorted ascending and finite: not checked, for inner loops.
 * @throws RangeError when `probability` lies outside [0, 1].
 */
export function quantileOfSorted(sorted: Float64Array, probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`probability is ${probability}; it must lie in [0, 1]`);
  }
  const position = probability * (sorted.length - 1);
  const below = Math.floor(position);
  const weight = position - below;
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[below + 1] ?? low;
  // From the nearer end, as numpy does: keeps the result inside [low, high].
  return weight < 0.5 ? low + (high - low) * weight : high - (high - low) * (1 - weight);
}

/** Compensated sum (Neumaier 1974); 0 for no values. Does not check for NaN. */
export function sum(values: Float64Array): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}
