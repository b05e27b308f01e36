/** Columns as small codes: a tree then only counts per code instead of sorting values. */

const VALUE_BINS = 255;
const LEAST_FLOAT32 = -3.4028234663852886e38;

export interface BinnedColumn {
  /** 0 for a missing value, else 1 + the number of thresholds below the value. */
  readonly codes: Uint8Array;
  /** `thresholds[code]` parts the codes up to `code` from the rest; [0] parts missing from present. */
  readonly thresholds: Float32Array;
  /** Codes in use, the missing one included. */
  readonly bins: number;
}

/** At most 255 bins of about equal size; fewer where values repeat. */
export function buildBins(column: Float32Array): BinnedColumn {
  const edges = Float32Array.from(listEdges(column.filter((value) => !Number.isNaN(value)).sort()));
  const codes = new Uint8Array(column.length);
  for (let row = 0; row < column.length; row++) codes[row] = codeOf(column[row] ?? Number.NaN, edges);
  // Training refuses values this low, so the first threshold keeps nothing but missing values left.
  return { codes, thresholds: Float32Array.of(LEAST_FLOAT32, ...edges), bins: edges.length + 2 };
}

function listEdges(sorted: Float32Array): readonly number[] {
  const distinct = listDistinctEnds(sorted);
  const edges: number[] = [];
  let due = 1;
  const share = distinct.length <= VALUE_BINS ? 0 : sorted.length / VALUE_BINS;
  for (const end of distinct.slice(0, -1)) {
    if (end < share * due) continue;
    edges.push(midpoint(sorted[end - 1] ?? 0, sorted[end] ?? 0));
    due = share > 0 ? Math.floor(end / share) + 1 : due;
  }
  return edges;
}

/** For each distinct value, the position after its last occurrence. */
function listDistinctEnds(sorted: Float32Array): readonly number[] {
  const ends: number[] = [];
  for (let i = 1; i <= sorted.length; i++)
    if (i === sorted.length || sorted[i] !== sorted[i - 1]) ends.push(i);
  return ends;
}

/** A float32 `t` with `low <= t < high`, so that `value <= t` tells them apart in float32 too. */
function midpoint(low: number, high: number): number {
  const middle = Math.fround((low + high) / 2);
  return middle < high ? middle : low;
}

function codeOf(value: number, edges: Float32Array): number {
  if (Number.isNaN(value)) return 0;
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= (edges[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low + 1;
}
