/**
 * Cramér's V with the bias correction of a contingency table, in [0, 1]: 0 where nothing hangs together. NaN when
 * one side has a single value.
 *
 * Source: Bergsma (2013), J. Korean Stat. Soc. 42, phi² - (r-1)(c-1)/(n-1) over the smaller corrected side.
 * @param codesA n codes 0 … sizeA - 1, or -1 for a missing value. @param codesB n codes, their partners.
 */
export function cramersV(codesA: Int32Array, codesB: Int32Array, sizeA: number, sizeB: number): number {
  const counts = new Float64Array(sizeA * sizeB);
  for (let i = 0; i < codesA.length; i += 1) {
    const a = codesA[i] ?? -1;
    const b = codesB[i] ?? -1;
    if (a >= 0 && b >= 0) counts[a * sizeB + b] = (counts[a * sizeB + b] ?? 0) + 1;
  }
  return cramersVOfTable(counts, sizeA, sizeB);
}

/** The same from counts, `counts[a * sizeB + b]`; rows and columns without a count are left out. */
export function cramersVOfTable(counts: Float64Array, sizeA: number, sizeB: number): number {
  const rowSums = new Float64Array(sizeA);
  const columnSums = new Float64Array(sizeB);
  counts.forEach((count, cell) => {
    const [a, b] = [Math.floor(cell / sizeB), cell % sizeB];
    rowSums[a] = (rowSums[a] ?? 0) + count;
    columnSums[b] = (columnSums[b] ?? 0) + count;
  });
  const n = rowSums.reduce((sum, value) => sum + value, 0);
  const rows = rowSums.filter((value) => value > 0).length;
  const columns = columnSums.filter((value) => value > 0).length;
  if (n < 2 || rows < 2 || columns < 2) return Number.NaN;
  const phi2 = phiSquared(counts, rowSums, columnSums, n);
  const corrected = Math.max(0, phi2 - ((rows - 1) * (columns - 1)) / (n - 1));
  const side = (size: number) => size - (size - 1) ** 2 / (n - 1);
  const smaller = Math.min(side(rows), side(columns)) - 1;
  return smaller > 0 ? Math.min(1, Math.sqrt(corrected / smaller)) : 0;
}

/** Chi-square over n: sum of squares over the product of the margins, less one. */
function phiSquared(
  counts: Float64Array,
  rowSums: Float64Array,
  columnSums: Float64Array,
  n: number,
): number {
  let total = 0;
  counts.forEach((count, cell) => {
    const [a, b] = [Math.floor(cell / columnSums.length), cell % columnSums.length];
    const expected = ((rowSums[a] ?? 0) * (columnSums[b] ?? 0)) / n;
    if (expected > 0) total += (count - expected) ** 2 / expected;
  });
  return total / n;
}
