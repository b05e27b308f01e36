import { quantileOfSorted } from './summary.ts';

/** The columns with those of a group taken from other rows, all of them from the same. */
export function permuteColumns(
  columns: ReadonlyMap<string, Float64Array>,
  group: readonly string[],
  order: Uint32Array,
): Map<string, Float64Array> {
  return new Map(
    [...columns].map(([name, values]) => {
      if (!group.includes(name)) return [name, values];
      const moved = new Float64Array(values.length);
      for (let row = 0; row < moved.length; row += 1) moved[row] = values[order[row] as number] as number;
      return [name, moved];
    }),
  );
}

export interface Importance {
  /** How much worse the metric becomes, the mean over the repeats: positive where the columns matter. */
  readonly mean: number;
  /** Over the repeats, divided by their number. */
  readonly deviation: number;
  readonly repeats: readonly number[];
}

/**
 * Permutation importance (Breiman 2001, Mach. Learn. 45; sklearn.inspection.permutation_importance): the score of the
 * rows as they are less that of the rows with a column permuted, a score counting as the larger the better.
 * @param sign 1 where a larger metric is better, -1 where it is worse.
 */
export function importanceOf(base: number, permuted: readonly number[], sign: 1 | -1): Importance {
  const repeats = permuted.map((value) => sign * (base - value));
  const mean = repeats.reduce((sum, value) => sum + value, 0) / repeats.length;
  const squares = repeats.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / repeats.length), repeats };
}

/** Percentile interval of values drawn; null where one is not defined. */
export function drawnInterval(
  drawn: Float64Array,
  alpha: number,
): { readonly low: number; readonly high: number } | null {
  if (drawn.length === 0 || !drawn.every(Number.isFinite)) return null;
  const sorted = drawn.slice().sort();
  return { low: quantileOfSorted(sorted, alpha / 2), high: quantileOfSorted(sorted, 1 - alpha / 2) };
}
