import type { Scorer } from './scorer.ts';

/** Figures of each row (or query), of which a score is the weighted mean. */
export interface RowFigures {
  readonly names: readonly string[];
  readonly rows: number;
  /** rows times names, row-major. */
  readonly values: Float64Array;
}

/** One figure of all rows. */
export function figureOf({ names, rows, values }: RowFigures, name: string): Float64Array {
  const at = names.indexOf(name);
  return Float64Array.from({ length: rows }, (_, row) => values[row * names.length + at] ?? Number.NaN);
}

/** Weighted means of the rows at some places; of all where there is none. */
export function meanScorer({ names, values }: RowFigures, places: Uint32Array | null): Scorer {
  const width = names.length;
  return (weights) => {
    const sums = new Float64Array(width);
    let total = 0;
    for (let i = 0; i < weights.length; i += 1) {
      const weight = weights[i] as number;
      if (weight === 0) continue;
      total += weight;
      const start = (places ? (places[i] as number) : i) * width;
      for (let k = 0; k < width; k += 1)
        sums[k] = (sums[k] as number) + weight * (values[start + k] as number);
    }
    return Object.fromEntries(names.map((name, k) => [name, (sums[k] as number) / total]));
  };
}
