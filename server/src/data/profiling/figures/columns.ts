/** Runs in a worker thread: everything that one column of numbers says, from its values sorted once. */
import type { Monotonicity } from '@tidemill/contract';
import { moments } from '../../../base/statistics/moments.ts';
import { quantileOfSorted } from '../../../base/statistics/summary.ts';
import { ascending } from './sorting.ts';

export const quantileLevels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;
const bins = 30;
const shown = 10;

export type Counted = readonly [value: number, count: number];

/** Of a column as doubles: booleans as 0 and 1, times as microseconds since 1970, texts by their length. */
export interface ColumnFigures {
  /** Finite values, which all figures below are of. */
  readonly finite: number;
  /** NaN, which stands for null too. */
  readonly missing: number;
  readonly infinities: number;
  readonly zeros: number;
  readonly negatives: number;
  readonly sum: number;
  readonly mean: number;
  readonly variance: number;
  readonly skewness: number;
  readonly kurtosis: number;
  readonly minimum: number;
  readonly maximum: number;
  /** At `quantileLevels`; empty without values. */
  readonly quantiles: readonly number[];
  readonly mad: number;
  /** Infinities are values, NaN is not. */
  readonly distinct: number;
  readonly unique: number;
  readonly top: readonly Counted[];
  readonly lowest: readonly Counted[];
  readonly highest: readonly Counted[];
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly monotonicity: Monotonicity;
  readonly steps: Steps;
}

/** Distances between neighbouring distinct values. */
export interface Steps {
  readonly median: number | null;
  /** Those above twice the mean. */
  readonly gaps: number;
  readonly longest: readonly [from: number, to: number] | null;
}

export interface ColumnsInput {
  readonly values: readonly Float64Array[];
  /** Whether each is a time: only there do distances mean anything, and they cost as much as all the rest. */
  readonly times: readonly boolean[];
}

export const describeColumns = ({ values, times }: ColumnsInput): ColumnFigures[] =>
  values.map((column, i) => describeColumn(column, times[i] ?? false));

export function describeColumn(values: Float64Array, isTime = false): ColumnFigures {
  const { finite, missing, positive, negative } = split(values);
  const sorted = ascending(finite);
  const runs = countRuns(sorted);
  const shape = moments(finite);
  const infinite = [positive, negative].filter((count) => count > 0);
  return {
    ...shape,
    finite: sorted.length,
    missing,
    infinities: positive + negative,
    zeros: countBelow(sorted, 0, true) - countBelow(sorted, 0, false),
    negatives: countBelow(sorted, 0, false),
    minimum: sorted[0] ?? Number.NaN,
    maximum: sorted[sorted.length - 1] ?? Number.NaN,
    quantiles: sorted.length === 0 ? [] : quantileLevels.map((p) => quantileOfSorted(sorted, p)),
    mad: medianDistance(sorted),
    distinct: runs.distinct + infinite.length,
    unique: runs.unique + infinite.filter((count) => count === 1).length,
    top: runs.top,
    lowest: runs.lowest,
    highest: runs.highest,
    ...histogram(sorted),
    monotonicity: monotonicityOf(finite),
    steps: isTime ? stepsOf(runs.values) : noSteps,
  };
}

function split(values: Float64Array) {
  const finite = new Float64Array(values.length);
  let [n, missing, positive, negative] = [0, 0, 0, 0];
  for (const value of values) {
    if (Number.isFinite(value)) {
      // -0 and 0 are one value, which sorting would tell apart.
      finite[n] = value + 0;
      n += 1;
    } else if (Number.isNaN(value)) missing += 1;
    else if (value > 0) positive += 1;
    else negative += 1;
  }
  return { finite: finite.subarray(0, n), missing, positive, negative };
}

/** One walk over equal neighbours: distinct values, the commonest, both ends, and the distances between them. */
function countRuns(sorted: Float64Array) {
  const top: Counted[] = [];
  const lowest: Counted[] = [];
  const distinctValues = new Float64Array(sorted.length);
  let [distinct, unique] = [0, 0];
  for (let start = 0; start < sorted.length; ) {
    const value = sorted[start] ?? 0;
    let end = start + 1;
    while (end < sorted.length && sorted[end] === value) end += 1;
    distinctValues[distinct] = value;
    distinct += 1;
    if (end - start === 1) unique += 1;
    if (lowest.length < shown) lowest.push([value, end - start]);
    keepTop(top, value, end - start);
    start = end;
  }
  const values = distinctValues.subarray(0, distinct);
  return { distinct, unique, top, lowest, highest: highestOf(sorted, values), values };
}

/** Of equal counts the smaller value comes first, and values arrive ascending. */
function keepTop(top: Counted[], value: number, count: number): void {
  const last = top[shown - 1];
  if (last && last[1] >= count) return;
  const before = top.findIndex(([, other]) => other < count);
  top.splice(before < 0 ? top.length : before, 0, [value, count]);
  if (top.length > shown) top.pop();
}

function highestOf(sorted: Float64Array, distinct: Float64Array): Counted[] {
  const highest = [...distinct.subarray(Math.max(0, distinct.length - shown))].reverse();
  return highest.map((value) => [value, countBelow(sorted, value, true) - countBelow(sorted, value, false)]);
}

const noSteps: Steps = { median: null, gaps: 0, longest: null };

function stepsOf(values: Float64Array): Steps {
  if (values.length < 2) return noSteps;
  const steps = new Float64Array(values.length - 1);
  let longest = 0;
  for (let i = 0; i < steps.length; i += 1) {
    steps[i] = (values[i + 1] ?? 0) - (values[i] ?? 0);
    if ((steps[i] ?? 0) > (steps[longest] ?? 0)) longest = i;
  }
  const mean = ((values[values.length - 1] ?? 0) - (values[0] ?? 0)) / steps.length;
  const gaps = steps.filter((step) => step > 2 * mean).length;
  const ends = [values[longest] ?? 0, values[longest + 1] ?? 0] as const;
  return { median: quantileOfSorted(steps.sort(), 0.5), gaps, longest: ends };
}

/** How many of the sorted values are below a value, or at most it. */
function countBelow(sorted: Float64Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = sorted[middle] ?? 0;
    if (found < value || (orEqual && found === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Median of |x - median|. Distances grow from the median outwards, so the middle one is found by walking to both sides
 * instead of sorting anew.
 */
function medianDistance(sorted: Float64Array): number {
  const n = sorted.length;
  if (n === 0) return Number.NaN;
  const center = quantileOfSorted(sorted, 0.5);
  let right = countBelow(sorted, center, false);
  let left = right - 1;
  let [before, distance] = [0, 0];
  for (let taken = 0; taken <= n >>> 1; taken += 1) {
    const toLeft = left >= 0 ? center - (sorted[left] ?? 0) : Number.POSITIVE_INFINITY;
    const toRight = right < n ? (sorted[right] ?? 0) - center : Number.POSITIVE_INFINITY;
    before = distance;
    distance = Math.min(toLeft, toRight);
    if (toLeft < toRight) left -= 1;
    else right += 1;
  }
  return n % 2 === 1 ? distance : (before + distance) / 2;
}

/** Equal bins from the least to the greatest, the last one closed (numpy.histogram); one bin for a constant. */
function histogram(sorted: Float64Array): { edges: number[]; counts: number[] } {
  if (sorted.length === 0) return { edges: [], counts: [] };
  const [low, high] = [sorted[0] ?? 0, sorted[sorted.length - 1] ?? 0];
  const usable = Number.isFinite(high - low) && low + (high - low) / bins > low;
  const size = usable ? bins : 1;
  const edges = Array.from({ length: size + 1 }, (_, k) =>
    k === size ? high : k * ((high - low) / size) + low,
  );
  const starts = edges.map((edge, k) => (k === size ? sorted.length : countBelow(sorted, edge, false)));
  return { edges, counts: edges.slice(1).map((_, k) => (starts[k + 1] ?? 0) - (starts[k] ?? 0)) };
}

function monotonicityOf(values: Float64Array): Monotonicity {
  if (values.length < 2) return 'none';
  let [up, down, level] = [0, 0, 0];
  for (let i = 1; i < values.length; i += 1) {
    const [before, value] = [values[i - 1] ?? 0, values[i] ?? 0];
    if (value > before) up += 1;
    else if (value < before) down += 1;
    else level += 1;
    if (up > 0 && down > 0) return 'none';
  }
  if (up === 0 && down === 0) return 'constant';
  if (down === 0) return level === 0 ? 'strictlyIncreasing' : 'increasing';
  return level === 0 ? 'strictlyDecreasing' : 'decreasing';
}
