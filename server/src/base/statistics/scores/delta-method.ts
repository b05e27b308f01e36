import { normalQuantileOfLog } from '../normal.ts';

/** A value, and its standard error by linearisation. */
export interface Estimated {
  readonly value: number;
  readonly error: number;
}

/** Two-sided interval of a value whose error is normal. NaN where the error is unknown. */
export function normalInterval({ value, error }: Estimated, alpha: number): { lower: number; upper: number } {
  const reach = normalQuantileOfLog(Math.log1p(-alpha / 2)) * error;
  return { lower: value - reach, upper: value + reach };
}

/** Weighted sums of k figures a row, from which means and their covariance follow. */
export interface MomentSums {
  readonly figures: number;
  rows: number;
  weight: number;
  /** Of squared weights: n effective rows are weight^2 / this. */
  squaredWeight: number;
  readonly sums: Float64Array;
  /** Of squared weight times figure, and times each pair of figures, row-major. */
  readonly squaredSums: Float64Array;
  readonly products: Float64Array;
}

export const emptyMoments = (figures: number): MomentSums => ({
  figures,
  rows: 0,
  weight: 0,
  squaredWeight: 0,
  sums: new Float64Array(figures),
  squaredSums: new Float64Array(figures),
  products: new Float64Array(figures * figures),
});

/** Adds a row's figures; `row` is read at once and may be used again. */
export function addMoments(to: MomentSums, row: Float64Array, weight: number): void {
  const { figures, sums, squaredSums, products } = to;
  const squared = weight * weight;
  to.rows += 1;
  to.weight += weight;
  to.squaredWeight += squared;
  for (let a = 0; a < figures; a += 1) {
    const value = row[a] as number;
    if (value === 0) continue;
    sums[a] = (sums[a] as number) + weight * value;
    squaredSums[a] = (squaredSums[a] as number) + squared * value;
    for (let b = 0; b < figures; b += 1)
      products[a * figures + b] =
        (products[a * figures + b] as number) + squared * value * (row[b] as number);
  }
}

/**
 * A smooth function of weighted means and its standard error by the delta method: the variance of the gradient's
 * projection of each row, weights held as they are (Oehlert 1992, Am. Stat. 46). The gradient is taken by central
 * differences. The error is NaN for fewer than two rows, and where the rows do not differ: they tell of no spread.
 */
export function deltaMethod(moments: MomentSums, of: (means: Float64Array) => number): Estimated {
  const { figures, rows, weight, squaredWeight, squaredSums, products } = moments;
  const means = moments.sums.map((sum) => sum / weight);
  const value = of(means);
  if (rows < 2) return { value, error: Number.NaN };
  const slopes = gradient(of, means);
  let [projected, linear, square] = [0, 0, 0];
  for (let a = 0; a < figures; a += 1) {
    const slope = slopes[a] as number;
    projected += slope * (means[a] as number);
    linear += slope * (squaredSums[a] as number);
    for (let b = 0; b < figures; b += 1)
      square += slope * (slopes[b] as number) * (products[a * figures + b] as number);
  }
  const variance = square - 2 * projected * linear + projected * projected * squaredWeight;
  const correction = rows / (rows - 1);
  const error = Math.sqrt(Math.max(0, variance) * correction) / weight;
  return { value, error: error > 0 ? error : Number.NaN };
}

function gradient(of: (means: Float64Array) => number, at: Float64Array): Float64Array {
  return at.map((center, i) => {
    const step = Math.max(Math.abs(center), 1e-3) * 1e-5;
    const move = (by: number) => {
      const moved = at.slice();
      moved[i] = center + by;
      return of(moved);
    };
    return (move(step) - move(-step)) / (2 * step);
  });
}
