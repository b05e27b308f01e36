import { assertFinite, assertSameLength } from '../assertions.ts';
import { ascendingOrder } from './order.ts';
import type { RowFigures } from './row-figures.ts';

export interface RankingRows {
  /** n numbers; rows of one number are what was ranked for one query. */
  readonly query: Float64Array;
  /** n gains, each at least 0; a row is relevant where its gain is above 0. */
  readonly gain: Float64Array;
  /** n finite scores; the highest comes first. */
  readonly score: Float64Array;
  /** Places counted from the top, each at least 1. */
  readonly cutoffs: readonly number[];
}

export interface QueryFigures extends RowFigures {
  /** Queries of which no row is relevant: all their figures are 0. */
  readonly withoutRelevant: number;
}

/**
 * Figures of each query; a score of a ranking is their mean. Rows of one score have no order: every figure is its mean
 * over all orders of such rows, so equal scores neither help nor harm.
 *
 * dcg and ndcg: sklearn.metrics.dcg_score and ndcg_score (linear gain, log2 discount, averaged over ties); the ideal
 * order is that of the gains. map: mean of the precision at each relevant row, divided by the relevant rows (at k: by
 * the lesser of them and k, so that the best order has 1), which without ties is average_precision_score. mrr: 1 / place
 * of the first relevant row. precision at k divides by k also where a query has fewer rows. Ties: McSherry and Najork
 * (2008), ECIR, Computing information retrieval performance measures efficiently in the presence of tied scores.
 * @throws RangeError when empty, of unequal length, or with a value out of its range; it names the index
 */
export function queryFigures({ query, gain, score, cutoffs }: RankingRows): QueryFigures {
  assertSameLength('gain', gain, 'score', score);
  assertSameLength('query', query, 'score', score);
  assertFinite('query', query);
  assertFinite('score', score);
  assertFinite('gain', gain);
  if (score.length === 0) throw new RangeError('score has 0 values; at least 1 needed');
  const negative = gain.findIndex((value) => value < 0);
  if (negative >= 0) throw new RangeError(`gain[${negative}] is ${gain[negative]}; it must be at least 0`);
  const { codes, sizes } = toCodes(query);
  const starts = toStarts(sizes);
  const ranked = groupByQuery(ascendingOrder(score).reverse(), codes, starts);
  const ideal = groupByQuery(ascendingOrder(gain).reverse(), codes, starts);
  const depths = [Number.POSITIVE_INFINITY, ...cutoffs];
  const names = [
    ...['ndcg', 'dcg', 'map', 'mrr'],
    ...cutoffs.flatMap((k) => ['ndcg', 'dcg', 'map', 'precision', 'recall'].map((name) => `${name}_at_${k}`)),
  ];
  const discounts = cumulatedDiscounts(sizes.reduce((most, size) => Math.max(most, size), 0));
  const values = new Float64Array(sizes.length * names.length);
  let withoutRelevant = 0;
  for (let q = 0; q < sizes.length; q += 1) {
    const [start, end] = [starts[q] as number, (starts[q] as number) + (sizes[q] as number)];
    const groups = tieGroups(ranked.subarray(start, end), gain, score);
    const relevant = groups.reduce((sum, group) => sum + group.relevant, 0);
    if (relevant === 0) {
      withoutRelevant += 1;
      continue;
    }
    const best = ideal.subarray(start, end);
    let at = q * names.length;
    for (const depth of depths) {
      const dcg = gained(groups, discounts, depth);
      values[at] = dcg / idealGain(best, gain, discounts, depth);
      values[at + 1] = dcg;
      values[at + 2] = precisions(groups, depth) / Math.min(relevant, depth);
      if (depth === Number.POSITIVE_INFINITY) {
        values[at + 3] = reciprocalRank(groups);
        at += 4;
        continue;
      }
      const found = relevantWithin(groups, depth);
      values[at + 3] = found / depth;
      values[at + 4] = found / relevant;
      at += 5;
    }
  }
  return { names, rows: sizes.length, values, withoutRelevant };
}

/** Queries numbered from 0 by rising number. */
function toCodes(query: Float64Array): { codes: Uint32Array; sizes: Uint32Array } {
  const order = ascendingOrder(query);
  const codes = new Uint32Array(query.length);
  let code = -1;
  for (let i = 0; i < order.length; i += 1) {
    const row = order[i] as number;
    if (i === 0 || query[row] !== query[order[i - 1] as number]) code += 1;
    codes[row] = code;
  }
  const sizes = new Uint32Array(code + 1);
  for (const own of codes) sizes[own] = (sizes[own] as number) + 1;
  return { codes, sizes };
}

function toStarts(sizes: Uint32Array): Uint32Array {
  const starts = new Uint32Array(sizes.length);
  for (let q = 1; q < sizes.length; q += 1) starts[q] = (starts[q - 1] as number) + (sizes[q - 1] as number);
  return starts;
}

/** The rows of each query together, in the order they were given. */
function groupByQuery(order: Uint32Array, codes: Uint32Array, starts: Uint32Array): Uint32Array {
  const next = starts.slice();
  const grouped = new Uint32Array(order.length);
  for (const row of order) {
    const q = codes[row] as number;
    grouped[next[q] as number] = row;
    next[q] = (next[q] as number) + 1;
  }
  return grouped;
}

/** 1 / log2(place + 1), summed up to each place; 0 before the first. */
function cumulatedDiscounts(most: number): Float64Array {
  const sums = new Float64Array(most + 1);
  for (let place = 1; place <= most; place += 1)
    sums[place] = (sums[place - 1] as number) + 1 / Math.log2(place + 1);
  return sums;
}

/** Rows of one score, which hold the places after `start`. */
interface Group {
  readonly start: number;
  readonly rows: number;
  readonly gain: number;
  readonly relevant: number;
  /** Relevant rows that come before. */
  readonly before: number;
}

function tieGroups(rows: Uint32Array, gain: Float64Array, score: Float64Array): Group[] {
  const groups: Group[] = [];
  let before = 0;
  for (let start = 0; start < rows.length; ) {
    let [end, sum, relevant] = [start, 0, 0];
    while (end < rows.length && score[rows[end] as number] === score[rows[start] as number]) {
      const own = gain[rows[end] as number] as number;
      sum += own;
      relevant += own > 0 ? 1 : 0;
      end += 1;
    }
    groups.push({ start, rows: end - start, gain: sum, relevant, before });
    before += relevant;
    start = end;
  }
  return groups;
}

function gained(groups: readonly Group[], discounts: Float64Array, depth: number): number {
  let sum = 0;
  for (const { start, rows, gain } of groups) {
    if (start >= depth) break;
    const discount =
      (discounts[Math.min(start + rows, depth)] as number) - (discounts[Math.min(start, depth)] as number);
    sum += (gain / rows) * discount;
  }
  return sum;
}

function idealGain(best: Uint32Array, gain: Float64Array, discounts: Float64Array, depth: number): number {
  let sum = 0;
  for (let i = 0; i < Math.min(best.length, depth); i += 1)
    sum += (gain[best[i] as number] as number) * ((discounts[i + 1] as number) - (discounts[i] as number));
  return sum;
}

/** Mean over the orders of ties of the sum of the precisions at relevant rows down to a depth. */
function precisions(groups: readonly Group[], depth: number): number {
  let sum = 0;
  for (const { start, rows, relevant, before } of groups) {
    if (start >= depth) break;
    if (relevant === 0) continue;
    const others = rows === 1 ? 0 : (relevant - 1) / (rows - 1);
    for (let i = 0; i < rows && start + i < depth; i += 1)
      sum += ((relevant / rows) * (before + i * others + 1)) / (start + i + 1);
  }
  return sum;
}

const relevantWithin = (groups: readonly Group[], depth: number): number =>
  groups.reduce(
    (sum, { start, rows, relevant }) => sum + (relevant / rows) * Math.max(0, Math.min(rows, depth - start)),
    0,
  );

function reciprocalRank(groups: readonly Group[]): number {
  const first = groups.find(({ relevant }) => relevant > 0);
  if (!first) return 0;
  const { start, rows, relevant } = first;
  let [sum, left] = [0, 1];
  for (let i = 0; i <= rows - relevant; i += 1) {
    const chance = relevant / (rows - i);
    sum += (left * chance) / (start + i + 1);
    left *= 1 - chance;
  }
  return sum;
}
