import { assertAlpha, assertSample } from './assertions.ts';

/** Fewest simulated statistics for a level: ten of them are then expected beyond the threshold. */
export function drawsNeeded(alpha: number): number {
  assertAlpha(alpha);
  // 1e-9 forgives alpha = 0.0005, whose 10 / alpha is a rounding error above 20000.
  return Math.ceil(10 / alpha - 1e-9 / alpha);
}

/** Throws a RangeError that names the draws needed when `draws` are too few for `alpha`. */
export function assertEnoughDraws(draws: number, alpha: number): void {
  const needed = drawsNeeded(alpha);
  if (draws >= needed) return;
  throw new RangeError(`draws is ${draws}; alpha ${alpha} needs at least ${needed} (10 / alpha)`);
}

/**
 * Smallest value whose Monte Carlo p-value (1 + #{simulated >= value}) / (draws + 1) is at most `alpha`:
 * alarm when `statistic >= threshold`. The +1 keeps the level honest whatever the number of draws.
 *
 * Source: Davison and Hinkley (1997), Bootstrap Methods, 4.2.
 * @param simulated statistics drawn under the null, at least 10 / alpha of them, finite, any order.
 * @throws RangeError when there are too few or one is not finite.
 */
export function tailThreshold(simulated: Float64Array, alpha: number): number {
  assertEnoughDraws(simulated.length, alpha);
  assertSample('simulated', simulated);
  const sorted = simulated.slice().sort();
  const rank = Math.floor(alpha * (sorted.length + 1));
  const value = sorted[sorted.length - rank] ?? Number.POSITIVE_INFINITY;
  // Strictly above it, by more than two orders of summing the same statistic may differ.
  return value + Math.max(Number.MIN_VALUE, Math.abs(value) * 1e-12);
}
