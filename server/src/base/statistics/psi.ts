import { assertAlpha, assertCount, assertFinite, assertSameLength, assertSample } from './assertions.ts';
import type { Random } from './random.ts';
import { quantileOfSorted } from './summary.ts';
import { assertEnoughDraws, drawsNeeded, tailThreshold } from './tail-threshold.ts';
import { drawDirichlet, drawMultinomial } from './variates.ts';

/** Proportions below this count as this, so that an empty bin does not make the index infinite. */
export const PSI_FLOOR = 1e-4;

export type PsiBins = {
  /** k - 1 inner edges, ascending; bin i holds edge[i-1] < x <= edge[i], the outer bins are open-ended. */
  readonly edges: Float64Array;
  /** k shares of the reference, each above 0, summing to 1. */
  readonly probabilities: Float64Array;
};

/**
 * Bins at the quantiles of the reference. Repeated values merge bins, so there may be fewer than `bins`; a
 * constant reference has a single bin, in which PSI is always 0 (watch such a column with `out-of-range.ts`).
 * @param reference n >= 1 finite values. @param bins wanted number of bins, >= 2.
 * @throws RangeError when the reference is empty or not finite, or `bins` below 2.
 */
export function psiBins(reference: Float64Array, bins = 10): PsiBins {
  assertCount('bins', bins, 2);
  assertSample('reference', reference);
  const sorted = reference.slice().sort();
  const top = sorted[sorted.length - 1] ?? 0;
  const belowTop = sorted.findLast((value) => value < top);
  if (belowTop === undefined) return { edges: new Float64Array(0), probabilities: Float64Array.of(1) };
  const cuts = Array.from({ length: bins - 1 }, (_, index) => quantileOfSorted(sorted, (index + 1) / bins));
  // An edge at the maximum would leave the last bin empty: cut just under the mass that sits there.
  const edges = Float64Array.from(new Set(cuts.map((cut) => (cut < top ? cut : belowTop))));
  return mergeEmptyBins(edges, sorted);
}

/**
 * Share of `values` in each bin. @param edges k - 1 inner edges of `psiBins`. @param values n >= 1 finite
 * values.
 * @returns k shares that sum to 1. @throws RangeError when `values` is empty or not finite.
 */
export function binProportions(edges: Float64Array, values: Float64Array): Float64Array {
  assertSample('values', values);
  const counts = new Float64Array(edges.length + 1);
  for (const value of values) {
    const bin = findBin(edges, value);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count) => count / values.length);
}

/**
 * Population stability index, sum((q - p) ln(q / p)), >= 0, no unit; symmetric. Proportions under `PSI_FLOOR`
 * (1e-4), zero above all, are raised to it, without rescaling the others.
 *
 * Source: Siddiqi (2006), Credit Risk Scorecards; it equals the symmetrised Kullback-Leibler divergence.
 * @param expected k proportions of the reference. @param actual k proportions of the window.
 * @throws RangeError when lengths differ or a proportion is not finite.
 */
export function psi(expected: Float64Array, actual: Float64Array): number {
  assertSameLength('expected', expected, 'actual', actual);
  assertFinite('expected', expected);
  assertFinite('actual', actual);
  let total = 0;
  for (let bin = 0; bin < expected.length; bin += 1) {
    const p = Math.max(PSI_FLOOR, expected[bin] ?? 0);
    const q = Math.max(PSI_FLOOR, actual[bin] ?? 0);
    total += (q - p) * Math.log(q / p);
  }
  return total;
}

/** PSI of a window against the bins of its reference. Shapes and errors as `binProportions`. */
export function psiOfWindow(bins: PsiBins, window: Float64Array): number {
  return psi(bins.probabilities, binProportions(bins.edges, window));
}

/**
 * Value that PSI reaches with probability at most `alpha` when nothing has changed, for a window of `nWindow`
 * independent rows: alarm when `psi >= psiThreshold`. By simulation of multinomial windows.
 *
 * With `nReference` each simulated window first draws its true bin probabilities from Dirichlet(nReference
 * p): the reference is itself a sample, and without that a window not much smaller than it alarms too often
 * (PSI grows with 1/nWindow + 1/nReference). Left out, `binProbabilities` are taken as exact.
 * @param binProbabilities k >= 1 shares that sum to 1 (`psiBins(...).probabilities`).
 * @param draws simulated windows, at least 10 / alpha; by default 20000, or 10 / alpha where that is more.
 * @throws RangeError when draws are too few for alpha (the message names how many), or an input is out of
 * range.
 */
export function psiThreshold(
  binProbabilities: Float64Array,
  nWindow: number,
  alpha: number,
  random: Random,
  draws = Math.max(20_000, drawsNeeded(alpha)),
  nReference = Number.POSITIVE_INFINITY,
): number {
  assertAlpha(alpha);
  assertCount('nWindow', nWindow);
  assertCount('draws', draws);
  assertEnoughDraws(draws, alpha);
  assertProbabilities(binProbabilities);
  if (!(nReference >= 1)) throw new RangeError(`nReference is ${nReference}; it must be at least 1`);
  const weights = Number.isFinite(nReference) ? binProbabilities.map((p) => p * nReference) : null;
  const simulated = new Float64Array(draws).map(() => {
    const truth = weights === null ? binProbabilities : drawDirichlet(weights, random);
    return psi(
      binProbabilities,
      drawMultinomial(nWindow, truth, random).map((count) => count / nWindow),
    );
  });
  return tailThreshold(simulated, alpha);
}

function mergeEmptyBins(edges: Float64Array, sorted: Float64Array): PsiBins {
  const shares = binProportions(edges, sorted);
  const kept = edges.filter((_, index) => (shares[index] ?? 0) > 0);
  return { edges: kept, probabilities: binProportions(kept, sorted) };
}

/** Number of edges below `value`: numpy.searchsorted, side left. */
function findBin(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function assertProbabilities(probabilities: Float64Array): void {
  assertSample('binProbabilities', probabilities);
  const negative = probabilities.findIndex((probability) => probability < 0);
  if (negative >= 0)
    throw new RangeError(`binProbabilities[${negative}] is ${probabilities[negative]}, below 0`);
  const total = probabilities.reduce((whole, part) => whole + part, 0);
  if (Math.abs(total - 1) > 1e-6)
    throw new RangeError(`binProbabilities sum to ${total}; they must sum to 1`);
}
