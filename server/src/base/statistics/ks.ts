import { assertAlpha, assertCount, assertSample } from './assertions.ts';

export type KsResult = { readonly statistic: number; readonly pValue: number };

// Above this many lattice cells (about 50 ms) the limit distribution replaces the exact one.
const EXACT_CELLS = 1e7;

/**
 * Two-sample Kolmogorov-Smirnov test, two-sided (scipy.stats.ks_2samp).
 * @param a n >= 1 finite values in any order. @param b m >= 1 finite values, same unit.
 * @returns statistic in [0, 1] and `ksPValue` of it.
 * @throws RangeError when a sample is empty or not finite.
 */
export function ksTest(a: Float64Array, b: Float64Array): KsResult {
  const statistic = ksStatistic(a, b);
  return { statistic, pValue: ksPValue(statistic, a.length, b.length) };
}

/**
 * Largest distance between the two empirical distribution functions, in [0, 1]. Shapes and errors as
 * `ksTest`.
 */
export function ksStatistic(a: Float64Array, b: Float64Array): number {
  assertSample('a', a);
  assertSample('b', b);
  const sortedA = a.slice().sort();
  const sortedB = b.slice().sort();
  let i = 0;
  let j = 0;
  let largest = 0;
  while (i < sortedA.length && j < sortedB.length) {
    const value = Math.min(sortedA[i] ?? 0, sortedB[j] ?? 0);
    while (i < sortedA.length && (sortedA[i] ?? 0) <= value) i += 1;
    while (j < sortedB.length && (sortedB[j] ?? 0) <= value) j += 1;
    largest = Math.max(largest, Math.abs(i * sortedB.length - j * sortedA.length));
  }
  // Whole numbers over n * m: equal statistics are equal doubles, so that `>= ksThreshold` is exact.
  return largest / (a.length * b.length);
}

/**
 * P(D >= statistic) for two samples of sizes n and m from one continuous distribution. With ties it is an
 * upper bound. Exact for n * m <= 1e7, with small relative error even far in the tail; otherwise Kolmogorov's
 * limit Q(d * sqrt(nm / (n + m))), which errs on the large side for unequal sizes (no alarm rather than a
 * false one).
 *
 * Source: Hodges (1958), Ark. Mat. 3, lattice paths, as a recursion on the probability of having left the
 * band (as R's psmirnov, upper tail); Kolmogorov (1933) for the limit.
 * @throws RangeError when a size is not a positive integer or `statistic` lies outside [0, 1].
 */
export function ksPValue(statistic: number, n: number, m: number): number {
  assertCount('n', n);
  assertCount('m', m);
  if (!(statistic >= 0 && statistic <= 1))
    throw new RangeError(`statistic is ${statistic}; it must lie in [0, 1]`);
  if (n * m > EXACT_CELLS) return kolmogorovTail(statistic * Math.sqrt(n * (m / (n + m))));
  // Statistics are whole numbers over n * m; 1e-6 undoes the rounding of that division.
  return exactTail(Math.ceil(statistic * n * m - 1e-6), Math.min(n, m), Math.max(n, m));
}

/**
 * Smallest statistic whose p-value is at most `alpha`, for a window of `nWindow` values against a reference
 * of `nReference`: raise the alarm when `ksStatistic(...) >= ksThreshold(...)`. Infinity when the samples are
 * too small for any statistic to be that rare.
 * @throws RangeError when a size is not a positive integer or alpha lies outside (0, 1).
 */
export function ksThreshold(nReference: number, nWindow: number, alpha: number): number {
  assertAlpha(alpha);
  const name = `${nReference} ${nWindow} ${alpha}`;
  const threshold = knownThresholds.get(name) ?? searchThreshold(nReference, nWindow, alpha);
  if (knownThresholds.size >= mostKnown) knownThresholds.clear();
  knownThresholds.set(name, threshold);
  return threshold;
}

/** By both sizes and alpha: up to half a second of work, and the features of one table ask for the same. */
const knownThresholds = new Map<string, number>();
const mostKnown = 1000;

function searchThreshold(nReference: number, nWindow: number, alpha: number): number {
  if (ksPValue(1, nReference, nWindow) > alpha) return Number.POSITIVE_INFINITY;
  if (nReference * nWindow > EXACT_CELLS) {
    return bisect(0, 1, (statistic) => ksPValue(statistic, nReference, nWindow) <= alpha);
  }
  return exactThreshold(Math.min(nReference, nWindow), Math.max(nReference, nWindow), alpha);
}

function exactThreshold(n: number, m: number, alpha: number): number {
  const unit = greatestCommonDivisor(n, m);
  const isRare = (steps: number): boolean => exactTail(steps * unit, n, m) <= alpha;
  // Only multiples of the common divisor occur. The limit is close, and cheaper to start from than 1.
  const scale = Math.sqrt((n * m) / (n + m));
  const guess = bisect(0, 10, (z) => kolmogorovTail(z) <= alpha) / scale;
  let high = Math.min(Math.ceil((guess * n * m) / unit) + 1, (n * m) / unit);
  if (!isRare(high)) high = (n * m) / unit;
  let low = 0;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isRare(middle)) high = middle;
    else low = middle;
  }
  return (high * unit) / (n * m);
}

/**
 * Probability that a random lattice path from (0, 0) to (n, m) reaches |i m - j n| >= reach. Cell j of the
 * row holds P(already outside | path passes here). Only sums of positive terms: nothing cancels in the far
 * tail.
 */
function exactTail(reach: number, n: number, m: number): number {
  if (reach <= 0) return 1;
  const row = new Float64Array(m + 1).fill(1);
  row.fill(0, 0, Math.min(m, Math.ceil(reach / n) - 1) + 1);
  for (let i = 1; i <= n; i += 1) {
    const first = Math.floor((i * m - reach) / n) + 1;
    const last = Math.min(m, Math.ceil((i * m + reach) / n) - 1);
    if (first > 0) row[first - 1] = 1;
    let left = row[Math.max(first, 1) - 1] ?? 1;
    for (let j = Math.max(first, 1); j <= last; j += 1) {
      left = (i * (row[j] ?? 1) + j * left) / (i + j);
      row[j] = left;
    }
  }
  return row[m] ?? 1;
}

/** Kolmogorov's limit distribution, upper tail (scipy.stats.kstwobign.sf). */
function kolmogorovTail(z: number): number {
  if (z < 0.1) return 1;
  return z < 0.8 ? 1 - lowerTheta(z) : upperTheta(z);
}

/** 2 sum (-1)^(k-1) exp(-2 k^2 z^2): converges fast for large z. */
function upperTheta(z: number): number {
  let total = 0;
  for (let k = 1; k <= 8; k += 1) total += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * z * z);
  return total;
}

/** sqrt(2 pi) / z sum exp(-(2k-1)^2 pi^2 / (8 z^2)): the same function, fast for small z. */
function lowerTheta(z: number): number {
  let total = 0;
  for (let k = 1; k <= 8; k += 1) total += Math.exp(-((2 * k - 1) ** 2) * (Math.PI ** 2 / (8 * z * z)));
  return (Math.sqrt(2 * Math.PI) / z) * total;
}

/** Smallest double between low and high at which a rising condition holds; `high` itself must fulfil it. */
function bisect(low: number, high: number, holds: (value: number) => boolean): number {
  let [below, above] = [low, high];
  for (;;) {
    const middle = (below + above) / 2;
    if (middle <= below || middle >= above) return above;
    if (holds(middle)) above = middle;
    else below = middle;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
