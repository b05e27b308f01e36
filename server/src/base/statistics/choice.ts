import { assertSample } from './assertions.ts';
import { moments } from './moments.ts';

export type Spread = {
  readonly n: number;
  /** Unit of the values. */
  readonly mean: number;
  /** Sample standard deviation (n - 1), unit of the values; NaN of one value. */
  readonly std: number;
  /** Of the mean: std / √n, unit of the values; NaN of one value. */
  readonly standardError: number;
};

/**
 * Mean of repeated measurements, and how sure it is.
 * @throws RangeError when there is none, or one is not finite.
 */
export function spreadOf(values: Float64Array): Spread {
  assertSample('values', values);
  const { mean, variance } = moments(values);
  const std = Math.sqrt(variance);
  return { n: values.length, mean, std, standardError: std / Math.sqrt(values.length) };
}

export type Direction = 'minimize' | 'maximize';

/** `mean` + λ·`std` for what is to be small, `mean` - λ·`std` for what is to be large: a λ above 0 holds unsteadiness against it. */
export const meanStdScore = (
  { mean, std }: Pick<Spread, 'mean' | 'std'>,
  { lambda, direction }: { readonly lambda: number; readonly direction: Direction },
): number => (direction === 'minimize' ? mean + lambda * std : mean - lambda * std);

/**
 * Index of the best score; among equals the first. -1 when there is none.
 * @param scores not NaN.
 */
export function indexOfBest(scores: readonly number[], direction: Direction): number {
  return scores.reduce((best, score, i) => {
    const held = scores[best] ?? Number.NaN;
    return best === -1 || (direction === 'minimize' ? score < held : score > held) ? i : best;
  }, -1);
}

/**
 * The one-standard-error rule: all that are no worse than the best mean by more than its standard error are as good as it, and
 * the simplest of them is to be taken.
 *
 * Source: Breiman, Friedman, Olshen and Stone (1984), Classification and Regression Trees, section 3.4.3.
 * @returns the worst mean that is still as good (NaN when there is none), and the indices of all that are, the best mean first; equal means in the order given.
 */
export function withinOneStandardError(
  spreads: readonly Pick<Spread, 'mean' | 'standardError'>[],
  direction: Direction,
): { readonly threshold: number; readonly indices: readonly number[] } {
  const means = spreads.map(({ mean }) => mean);
  const best = spreads[indexOfBest(means, direction)];
  if (!best) return { threshold: Number.NaN, indices: [] };
  const sign = direction === 'minimize' ? 1 : -1;
  const threshold = best.mean + sign * best.standardError;
  const indices = [...means.keys()]
    .filter((i) => sign * (means[i] ?? Number.NaN) <= sign * threshold)
    .sort((a, b) => sign * ((means[a] ?? 0) - (means[b] ?? 0)) || a - b);
  return { threshold, indices };
}
