/** Runs in a worker thread: what hangs together with what, two columns at a time. */
import type { Interaction, ProfileMatrix } from '@tidemill/contract';
import {
  ascendingOrder,
  centered,
  pearson,
  pearsonOfCentered,
  ranksIn,
} from '../../../base/statistics/correlation.ts';
import { cramersV } from '../../../base/statistics/cramers-v.ts';

export interface NamedValues {
  readonly column: string;
  /** NaN for a missing value; of a category any number that stands for it. */
  readonly values: Float64Array;
}

export interface NumberPairsInput {
  readonly numbers: readonly NamedValues[];
  /** How many of the strongest pairs to draw. */
  readonly interactions: number;
}

export interface NumberPairs {
  readonly spearman: ProfileMatrix | null;
  readonly pearson: ProfileMatrix | null;
  readonly strongest: readonly Strong[];
  readonly interactions: readonly Interaction[];
}

export interface CategoryPairsInput {
  readonly numbers: readonly NamedValues[];
  readonly categories: readonly NamedValues[];
}

export interface CategoryPairs {
  readonly cramersV: ProfileMatrix | null;
  readonly strongest: readonly Strong[];
}

export interface Strong {
  readonly a: string;
  readonly b: string;
  readonly measure: 'spearman' | 'cramersV';
  readonly value: number;
}

const numberBins = 10;
const drawnBins = 20;
export const strongestShown = 50;

export function describeNumberPairs({ numbers, interactions }: NumberPairsInput): NumberPairs {
  const finite = withoutInfinities(numbers);
  const spearman = symmetric(finite, spearmanOf(finite));
  const strongest = strongestFirst(strongOf(spearman, 'spearman'));
  return {
    spearman,
    pearson: symmetric(finite, pearsonOf(finite)),
    strongest: strongest.slice(0, strongestShown),
    interactions: strongest.slice(0, interactions).flatMap((pair) => interactionOf(finite, pair)),
  };
}

export function describeCategoryPairs({ numbers, categories }: CategoryPairsInput): CategoryPairs {
  const cramersV = cramersMatrix(withoutInfinities(numbers), categories);
  const strongest = strongestFirst(strongOf(cramersV, 'cramersV'));
  return { cramersV, strongest: strongest.slice(0, strongestShown) };
}

export const strongestFirst = (pairs: readonly Strong[]): Strong[] =>
  [...pairs].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));

const withoutInfinities = (numbers: readonly NamedValues[]): NamedValues[] =>
  numbers.map(({ column, values }) => ({ column, values: finiteOnly(values) }));

function finiteOnly(values: Float64Array): Float64Array {
  const finite = new Float64Array(values.length);
  for (let i = 0; i < finite.length; i += 1) {
    const value = values[i] ?? Number.NaN;
    finite[i] = Number.isFinite(value) ? value : Number.NaN;
  }
  return finite;
}
const valuesAt = (list: readonly NamedValues[], i: number): Float64Array =>
  list[i]?.values ?? new Float64Array(0);

/** Without missing values a column's ranks, and its distances from their mean, serve all its pairs. */
function spearmanOf(numbers: readonly NamedValues[]): Measure {
  const orders = numbers.map(({ values }) => ascendingOrder(values));
  const isWhole = (i: number) => orders[i]?.length === valuesAt(numbers, i).length;
  const ranks = numbers.map(({ values }, i) => ranksIn(orders[i] ?? new Uint32Array(0), values, null));
  const ranked = (i: number, other: number): Float64Array => {
    if (isWhole(other)) return ranks[i] ?? new Float64Array(0);
    return ranksIn(orders[i] ?? new Uint32Array(0), valuesAt(numbers, i), valuesAt(numbers, other));
  };
  return wholeOr(ranks, (i, j) => pearson(ranked(i, j), ranked(j, i)));
}

const pearsonOf = (numbers: readonly NamedValues[]): Measure =>
  wholeOr(
    numbers.map(({ values }) => values),
    (i, j) => pearson(valuesAt(numbers, i), valuesAt(numbers, j)),
  );

type Measure = (i: number, j: number) => number;

/** Two columns without missing values share what was made of each once; other pairs are measured anew. */
function wholeOr(columns: readonly Float64Array[], otherwise: Measure): Measure {
  const whole = columns.map((values) => (hasNaN(values) ? null : centered(values)));
  return (i, j) => {
    const [a, b] = [whole[i], whole[j]];
    return a && b ? pearsonOfCentered(a, b) : otherwise(i, j);
  };
}

function hasNaN(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i += 1) if (Number.isNaN(values[i])) return true;
  return false;
}

const rounded = (value: number): number | null =>
  Number.isFinite(value) ? Math.round(value * 1e8) / 1e8 : null;

function symmetric(
  list: readonly NamedValues[],
  measure: (i: number, j: number) => number,
): ProfileMatrix | null {
  if (list.length < 2) return null;
  const values = list.map(() => list.map((): number | null => null));
  for (let i = 0; i < list.length; i += 1) {
    for (let j = i; j < list.length; j += 1) {
      const value = i === j ? 1 : rounded(measure(i, j));
      const [row, mirrored] = [values[i], values[j]];
      if (row && mirrored) {
        row[j] = value;
        mirrored[i] = value;
      }
    }
  }
  return { columns: list.map(({ column }) => column), values };
}

interface Coded {
  readonly codes: Int32Array;
  readonly size: number;
  readonly isNumber: boolean;
}

/** Two numbers have Spearman's; here a pair has at least one category. */
function cramersMatrix(
  numbers: readonly NamedValues[],
  categories: readonly NamedValues[],
): ProfileMatrix | null {
  if (categories.length === 0) return null;
  const list = [...categories, ...numbers];
  const coded: Coded[] = [
    ...categories.map(({ values }) => codesOf(values)),
    ...numbers.map(({ values }) => binsOf(values)),
  ];
  return symmetric(list, (i, j) => {
    const [a, b] = [coded[i], coded[j]];
    if (!a || !b || (a.isNumber && b.isNumber)) return Number.NaN;
    return cramersV(a.codes, b.codes, a.size, b.size);
  });
}

function codesOf(values: Float64Array): Coded {
  const known = new Map<number, number>();
  const codes = new Int32Array(values.length);
  for (let i = 0; i < codes.length; i += 1) {
    const value = values[i] ?? Number.NaN;
    const code = Number.isNaN(value) ? -1 : (known.get(value) ?? known.size);
    if (code === known.size) known.set(value, code);
    codes[i] = code;
  }
  return { codes, size: known.size, isNumber: false };
}

function rangeOf(values: Float64Array): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

const binIn = (value: number, low: number, high: number, bins: number): number =>
  Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins));

function binsOf(values: Float64Array): Coded {
  const { low, high } = rangeOf(values);
  const usable = high > low && Number.isFinite(high - low);
  const codes = new Int32Array(values.length);
  for (let i = 0; i < codes.length; i += 1) {
    const value = values[i] ?? Number.NaN;
    codes[i] = Number.isNaN(value) ? -1 : usable ? binIn(value, low, high, numberBins) : 0;
  }
  return { codes, size: usable ? numberBins : 1, isNumber: true };
}

function strongOf(matrix: ProfileMatrix | null, measure: Strong['measure']): Strong[] {
  if (!matrix) return [];
  return matrix.columns.flatMap((b, j) =>
    matrix.columns.slice(0, j).flatMap((a, i) => {
      const value = matrix.values[i]?.[j];
      return value == null ? [] : [{ a, b, measure, value }];
    }),
  );
}

function interactionOf(numbers: readonly NamedValues[], { a, b }: Strong): Interaction[] {
  const x = numbers.find(({ column }) => column === a)?.values ?? new Float64Array(0);
  const y = numbers.find(({ column }) => column === b)?.values ?? new Float64Array(0);
  const [xs, ys] = [rangeOf(x), rangeOf(y)];
  if (!Number.isFinite(xs.high - xs.low) || !Number.isFinite(ys.high - ys.low)) return [];
  if (xs.high === xs.low || ys.high === ys.low) return [];
  const counts = Array.from({ length: drawnBins }, () => Array.from({ length: drawnBins }, () => 0));
  for (let i = 0; i < x.length; i += 1) {
    const u = x[i] ?? Number.NaN;
    const v = y[i] ?? Number.NaN;
    if (Number.isNaN(u + v)) continue;
    const row = counts[binIn(u, xs.low, xs.high, drawnBins)];
    const bin = binIn(v, ys.low, ys.high, drawnBins);
    if (row) row[bin] = (row[bin] ?? 0) + 1;
  }
  return [{ x: a, y: b, xEdges: edgesOf(xs), yEdges: edgesOf(ys), counts }];
}

const edgesOf = ({ low, high }: { low: number; high: number }): number[] =>
  Array.from({ length: drawnBins + 1 }, (_, k) => low + ((high - low) * k) / drawnBins);
