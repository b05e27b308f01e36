import { assertCount, assertFinite, assertSample } from './assertions.ts';
import { maximum, minimum, quantiles } from './summary.ts';

export type BinRule = 'freedman-diaconis' | 'sturges';

export type HistogramCounts = {
  /** k counts, one a bin. */
  readonly counts: Float64Array;
  /** Values under the first and over the last edge. */
  readonly below: number;
  readonly above: number;
};

/**
 * Equal-width edges over the range of the values (numpy.histogram_bin_edges 'fd' and 'sturges').
 * Freedman-Diaconis falls back to Sturges where the quartiles coincide; a constant gets one bin around it.
 *
 * Source: Freedman and Diaconis (1981), width 2 IQR / n^(1/3); Sturges (1926), log2(n) + 1 bins.
 * @param values n >= 1 finite values. @param options.maxBins cap on the bins, 50 by default.
 * @returns k + 1 strictly ascending edges, the first the minimum and the last the maximum (constants apart).
 * @throws RangeError when empty, not finite, or maxBins below 1.
 */
export function histogramEdges(
  values: Float64Array,
  options: { readonly rule?: BinRule; readonly maxBins?: number } = {},
): Float64Array {
  const { rule = 'freedman-diaconis', maxBins = 50 } = options;
  assertCount('maxBins', maxBins);
  const low = minimum(values);
  const high = maximum(values);
  if (low === high) return edgesAroundConstant(low);
  const bins = Math.min(maxBins, rule === 'sturges' ? sturgesBins(values) : freedmanDiaconisBins(values));
  const edges = Float64Array.from({ length: bins + 1 }, (_, index) => blend(low, high, index / bins));
  // A range of a few representable numbers cannot be cut finer: equal neighbours collapse into one edge.
  return Float64Array.from(new Set(edges));
}

/**
 * Counts per bin: left edge included, right edge excluded, except for the last bin, which includes both
 * (numpy.histogram). Values outside the edges are counted apart instead of dropped.
 * @param values n >= 0 finite values. @param edges k + 1 >= 2 strictly ascending finite edges.
 * @throws RangeError when a value is not finite or the edges are too few or do not ascend.
 */
export function histogramCounts(values: Float64Array, edges: Float64Array): HistogramCounts {
  assertFinite('values', values);
  assertEdges(edges);
  const counts = new Float64Array(edges.length - 1);
  let below = 0;
  let above = 0;
  for (const value of values) {
    const bin = value === edges[edges.length - 1] ? counts.length - 1 : lastEdgeAtMost(edges, value);
    if (bin < 0) below += 1;
    else if (bin >= counts.length) above += 1;
    else counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { counts, below, above };
}

function sturgesBins(values: Float64Array): number {
  return Math.ceil(Math.log2(values.length) + 1);
}

function freedmanDiaconisBins(values: Float64Array): number {
  const [low = 0, lowerQuartile = 0, upperQuartile = 0, high = 0] = quantiles(values, [0, 0.25, 0.75, 1]);
  // Halved: the range of doubles of both signs may overflow.
  const halfWidth = (upperQuartile / 2 - lowerQuartile / 2) * (2 / Math.cbrt(values.length));
  const bins = Math.ceil((high / 2 - low / 2) / halfWidth);
  return halfWidth > 0 && Number.isFinite(bins) ? bins : sturgesBins(values);
}

function edgesAroundConstant(value: number): Float64Array {
  const halfWidth = Math.max(0.5, Math.abs(value) * 2 * Number.EPSILON);
  return Float64Array.of(value - halfWidth, value + halfWidth);
}

function blend(low: number, high: number, share: number): number {
  if (share === 0) return low;
  if (share === 1) return high;
  const width = high - low;
  return Number.isFinite(width) ? Math.min(high, low + width * share) : low * (1 - share) + high * share;
}

/** Index of the last edge that is <= value; -1 when there is none. */
function lastEdgeAtMost(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function assertEdges(edges: Float64Array): void {
  assertSample('edges', edges, 2);
  const index = edges.findIndex((edge, at) => at > 0 && edge <= (edges[at - 1] ?? edge));
  if (index >= 0) throw new RangeError(`edges[${index}] is ${edges[index]}; edges must ascend strictly`);
}
