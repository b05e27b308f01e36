import { assertAlpha, assertCount, assertFinite, assertSameLength } from './assertions.ts';
import type { Random } from './random.ts';
import { assertEnoughDraws, drawsNeeded, tailThreshold } from './tail-threshold.ts';
import { drawDirichlet, drawMultinomial } from './variates.ts';

/**
 * Jensen-Shannon distance, in [0, 1], no unit: the square root of the divergence with logarithms to base 2
 * (scipy.spatial.distance.jensenshannon with base=2). 0 for equal proportions, 1 for disjoint ones.
 *
 * Source: Endres and Schindelin (2003), IEEE Trans. Inf. Theory 49.
 * @param p k proportions that sum to 1. @param q k proportions of the other sample.
 * @throws RangeError when lengths differ or a proportion is not finite.
 */
export function jensenShannonDistance(p: Float64Array, q: Float64Array): number {
  assertSameLength('p', p, 'q', q);
  assertFinite('p', p);
  assertFinite('q', q);
  let total = 0;
  for (let i = 0; i < p.length; i += 1) {
    const middle = ((p[i] ?? 0) + (q[i] ?? 0)) / 2;
    total += half(p[i] ?? 0, middle) + half(q[i] ?? 0, middle);
  }
  return Math.sqrt(Math.max(0, total));
}

const half = (share: number, middle: number): number =>
  share > 0 ? (share / 2) * Math.log2(share / middle) : 0;

/**
 * Value that the distance reaches with probability at most `alpha` when a window of `nWindow` rows and a
 * reference of `nReference` come from one distribution: alarm when the distance is `>=` it. By simulation; the
 * true proportions are drawn from Dirichlet(nReference p), as the reference is itself a sample.
 * @param proportions k >= 1 shares of the reference that sum to 1.
 * @param draws simulated windows, at least 10 / alpha; by default 20000, or 10 / alpha where that is more.
 * @throws RangeError when an input is out of range or draws are too few for alpha.
 */
export function jensenShannonThreshold(
  proportions: Float64Array,
  nWindow: number,
  nReference: number,
  alpha: number,
  random: Random,
  draws = Math.max(20_000, drawsNeeded(alpha)),
): number {
  assertAlpha(alpha);
  assertCount('nWindow', nWindow);
  assertCount('nReference', nReference);
  assertCount('draws', draws);
  assertEnoughDraws(draws, alpha);
  assertFinite('proportions', proportions);
  const weights = proportions.map((share) => share * nReference);
  const simulated = new Float64Array(draws).map(() => {
    const window = drawMultinomial(nWindow, drawDirichlet(weights, random), random);
    return jensenShannonDistance(
      proportions,
      window.map((count) => count / nWindow),
    );
  });
  return tailThreshold(simulated, alpha);
}
