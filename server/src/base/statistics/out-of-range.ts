import { assertAlpha, assertCount, assertFinite } from './assertions.ts';
import { maximum, minimum } from './summary.ts';

export type ValueRange = { readonly minimum: number; readonly maximum: number };

/** Range of n >= 1 finite reference values. @throws RangeError when empty or not finite. */
export function valueRange(reference: Float64Array): ValueRange {
  return { minimum: minimum(reference), maximum: maximum(reference) };
}

/**
 * How many of w >= 0 finite values lie strictly above the maximum and strictly below the minimum.
 * @throws RangeError when a value is not finite.
 */
export function countOutOfRange(
  range: ValueRange,
  window: Float64Array,
): { readonly above: number; readonly below: number } {
  assertFinite('window', window);
  let above = 0;
  let below = 0;
  for (const value of window) {
    if (value > range.maximum) above += 1;
    if (value < range.minimum) below += 1;
  }
  return { above, below };
}

/**
 * P(at least `count` of `nWindow` new values exceed all `nReference` old ones) when all are exchangeable: the
 * top `count` ranks must all be new, C(w, c) / C(n + w, c). The same number holds for the low side; for both
 * sides together give each half of alpha. No distribution is assumed; with ties it is an upper bound.
 *
 * Source: negative hypergeometric distribution, scipy.stats.nhypergeom(n + w, w, 1).sf(count - 1).
 * @throws RangeError when sizes or count are not integers (nReference >= 1, nWindow >= 0, count >= 0).
 */
export function outOfRangeProbability(nReference: number, nWindow: number, count: number): number {
  assertCount('nReference', nReference);
  assertCount('nWindow', nWindow, 0);
  assertCount('count', count, 0);
  if (count > nWindow) return 0;
  let probability = 1;
  for (let rank = 0; rank < count; rank += 1) probability *= (nWindow - rank) / (nReference + nWindow - rank);
  return probability;
}

/**
 * Smallest count on one side whose probability is at most `alpha`: alarm when the count reaches it. `nWindow
 * + 1`, which no window reaches, when even a window wholly outside is not that rare.
 * @throws RangeError as `outOfRangeProbability`, and for alpha outside (0, 1).
 */
export function outOfRangeThreshold(nReference: number, nWindow: number, alpha: number): number {
  assertAlpha(alpha);
  assertCount('nReference', nReference);
  assertCount('nWindow', nWindow, 0);
  let probability = 1;
  let count = 0;
  while (probability > alpha && count <= nWindow) {
    probability *= (nWindow - count) / (nReference + nWindow - count);
    count += 1;
  }
  return count;
}
