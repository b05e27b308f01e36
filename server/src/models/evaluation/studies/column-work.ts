/** Runs in a worker thread: columns permuted, made noisy, or held against each other. */
import type { ImportanceReport } from '@tidemill/contract';
import { averageRanks } from '../../../base/statistics/correlation.ts';
import { permuteColumns } from '../../../base/statistics/permutation-importance.ts';
import { createRandom, type Random } from '../../../base/statistics/random.ts';
import { shared } from './rules.ts';

type Columns = ReadonlyMap<string, Float64Array>;

/** All of them in one new order of their rows. */
export function permuted({ columns, seed }: { readonly columns: Columns; readonly seed: number }) {
  const [first = new Float64Array()] = columns.values();
  const order = drawOrder(first.length, createRandom(seed));
  return inShared(permuteColumns(columns, [...columns.keys()], order));
}

/** Each with normal noise of so many of its standard deviations. */
export function noisy({
  columns,
  level,
  seed,
}: {
  readonly columns: Columns;
  readonly level: number;
  readonly seed: number;
}) {
  const random = createRandom(seed);
  return inShared(
    new Map(
      [...columns].map(([name, values]) => {
        const reach = level * spreadOf(values);
        return [name, values.map((value) => value + reach * random.normal())];
      }),
    ),
  );
}

const inShared = (columns: Columns) =>
  new Map([...columns].map(([name, values]) => [name, shared(values)] as const));

/** Standard deviation of what is known. */
function spreadOf(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value));
  const mean = known.reduce((sum, value) => sum + value / known.length, 0);
  return Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2 / known.length, 0));
}

/** The median of what is known; 0 where nothing is. */
export function medians({ columns }: { readonly columns: Columns }): Map<string, number> {
  return new Map(
    [...columns].map(([name, values]) => {
      const known = values.filter((value) => !Number.isNaN(value)).sort();
      return [name, known[known.length >> 1] ?? 0];
    }),
  );
}

/** Every order equally likely (Fisher-Yates). */
export function drawOrder(rows: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  for (let last = rows - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1);
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}

const mostPaired = 200;

/** In a worker thread: Spearman's rank correlation of each pair, missing values left out with their rows. */
export function correlatedPairs({ columns }: { readonly columns: ReadonlyMap<string, Float64Array> }) {
  const ranked = [...columns]
    .slice(0, mostPaired)
    .map(([name, values]) => ({ name, ranks: averageRanks(values) }));
  const pairs: ImportanceReport['correlated'] = [];
  ranked.forEach((a, i) => {
    for (const b of ranked.slice(i + 1)) {
      const correlation = correlate(a.ranks, b.ranks);
      if (Math.abs(correlation) >= 0.1) pairs.push({ a: a.name, b: b.name, correlation });
    }
  });
  pairs.sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation));
  return { pairs };
}

function correlate(a: Float64Array, b: Float64Array): number {
  let [count, sumA, sumB] = [0, 0, 0];
  const isWhole = (i: number) => !Number.isNaN(a[i]) && !Number.isNaN(b[i]);
  for (let i = 0; i < a.length; i += 1) {
    if (!isWhole(i)) continue;
    count += 1;
    sumA += a[i] as number;
    sumB += b[i] as number;
  }
  let [product, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    if (!isWhole(i)) continue;
    const [dA, dB] = [(a[i] as number) - sumA / count, (b[i] as number) - sumB / count];
    product += dA * dB;
    squareA += dA * dA;
    squareB += dB * dB;
  }
  const value = product / Math.sqrt(squareA * squareB);
  return Number.isFinite(value) ? value : 0;
}
