import { assertSameLength } from './assertions.ts';

/**
 * Ranks from 1, ties sharing the mean of theirs (scipy.stats.rankdata, "average"); NaN where the value is NaN.
 * @param values n >= 0 values, NaN for a missing one.
 */
export function averageRanks(values: Float64Array): Float64Array {
  return ranksIn(ascendingOrder(values), values, null);
}

/**
 * Positions of the values that are not NaN, smallest value first, equal ones in their order. Sorted by the bits of the
 * doubles, 16 at a time from the lowest: several times faster than by comparing.
 */
export function ascendingOrder(values: Float64Array): Uint32Array {
  let order = presentIn(values);
  const keys = sortableKeys(values);
  let spare = new Uint32Array(order.length);
  for (const digit of [0, 1, 2, 3]) {
    const starts = new Uint32Array(65_537);
    const keyOf = (i: number): number => keys[4 * i + digit] ?? 0;
    for (const i of order) starts[keyOf(i) + 1] = (starts[keyOf(i) + 1] ?? 0) + 1;
    for (let k = 1; k < starts.length; k += 1) starts[k] = (starts[k] ?? 0) + (starts[k - 1] ?? 0);
    for (const i of order) {
      const at = starts[keyOf(i)] ?? 0;
      spare[at] = i;
      starts[keyOf(i)] = at + 1;
    }
    [order, spare] = [spare, order];
  }
  return order;
}

function presentIn(values: Float64Array): Uint32Array<ArrayBuffer> {
  const present = new Uint32Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isNaN(values[i])) continue;
    present[n] = i;
    n += 1;
  }
  return present.slice(0, n);
}

/** Four 16-bit digits a value, lowest first, whose order is that of the doubles: negative ones have all bits turned. */
function sortableKeys(values: Float64Array): Uint16Array {
  // + 0 makes 0 of -0, which is equal to it.
  const keys = new Uint16Array(values.map((value) => value + 0).buffer);
  for (let i = 3; i < keys.length; i += 4) {
    const isNegative = (keys[i] ?? 0) >= 0x8000;
    for (let k = i - 3; k <= i; k += 1) if (isNegative) keys[k] = ~(keys[k] ?? 0);
    if (!isNegative) keys[i] = (keys[i] ?? 0) | 0x8000;
  }
  return keys;
}

/** The ranks of those values whose partner is there too; NaN for the rest. `order` is `ascendingOrder(values)`. */
export function ranksIn(
  order: Uint32Array,
  values: Float64Array,
  partner: Float64Array | null,
): Float64Array {
  const ranks = new Float64Array(values.length).fill(Number.NaN);
  const kept = partner ? order.filter((i) => !Number.isNaN(partner[i])) : order;
  let start = 0;
  while (start < kept.length) {
    const value = values[kept[start] ?? 0];
    let end = start + 1;
    while (end < kept.length && values[kept[end] ?? 0] === value) end += 1;
    const rank = (start + 1 + end) / 2;
    for (let k = start; k < end; k += 1) ranks[kept[k] ?? 0] = rank;
    start = end;
  }
  return ranks;
}

/**
 * Pearson's correlation of the pairs in which both values are there, in [-1, 1]; NaN when fewer than two are or one
 * side is constant (pandas.DataFrame.corr).
 * @param a n values, NaN for a missing one. @param b n values, its partners.
 * @throws RangeError when the lengths differ.
 */
export function pearson(a: Float64Array, b: Float64Array): number {
  assertSameLength('a', a, 'b', b);
  let [n, meanA, meanB] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    if (Number.isNaN(x + y)) continue;
    n += 1;
    meanA += x;
    meanB += y;
  }
  meanA /= n;
  meanB /= n;
  let [squaresA, squaresB, products] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [(a[i] ?? 0) - meanA, (b[i] ?? 0) - meanB];
    if (Number.isNaN(x + y)) continue;
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  if (n < 2 || squaresA === 0 || squaresB === 0) return Number.NaN;
  return Math.max(-1, Math.min(1, products / Math.sqrt(squaresA) / Math.sqrt(squaresB)));
}

/**
 * Spearman's rank correlation of the pairs in which both values are there: Pearson's of their average ranks among
 * those pairs (pandas.DataFrame.corr(method="spearman"); without missing values scipy.stats.spearmanr).
 * Shapes and errors as `pearson`.
 */
export function spearman(a: Float64Array, b: Float64Array): number {
  assertSameLength('a', a, 'b', b);
  return pearson(ranksIn(ascendingOrder(a), a, b), ranksIn(ascendingOrder(b), b, a));
}
