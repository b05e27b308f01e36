/**
 * Largest distance between the distribution functions of two samples that are sorted already: `ksStatistic` without
 * sorting a reference of many thousand values at every check. Equal to it to the last bit.
 * @param reference n >= 1 finite values, ascending @param window m >= 1 finite values, ascending
 * @returns the statistic, in [0, 1]
 */
export function ksAgainstSorted(reference: Float64Array, window: Float64Array): number {
  const [n, m] = [reference.length, window.length];
  let largest = 0;
  for (let i = 0; i < m; ) {
    const value = window[i] ?? 0;
    let after = i + 1;
    while (after < m && window[after] === value) after += 1;
    // Between two values of the window only the reference steps, so the distance is largest at their edges.
    const before = Math.abs(countBelow(reference, value) * m - i * n);
    const at = Math.abs(countUpTo(reference, value) * m - after * n);
    largest = Math.max(largest, before, at);
    i = after;
  }
  return largest / (n * m);
}

const countBelow = (sorted: Float64Array, value: number): number =>
  countWhile(sorted, (found) => found < value);
const countUpTo = (sorted: Float64Array, value: number): number =>
  countWhile(sorted, (found) => found <= value);

function countWhile(sorted: Float64Array, holds: (value: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
