import type { Column, Interaction, ProfileCorrelations } from '@tidemill/contract';
import type { NumberColumn } from '../../../adapters/analytics/analytics.ts';
import { quoteName } from '../../../base/sql-text.ts';
import {
  type CategoryPairs,
  type CategoryPairsInput,
  type NamedValues,
  type NumberPairs,
  type NumberPairsInput,
  strongestFirst,
  strongestShown,
} from '../figures/pairs.ts';
import { mostCategories, mostNumbers, type ReadColumn, type Sampling } from './columns.ts';
import { placesAmong } from './places.ts';
import { computeFor, numbersOf, type ProfiledTable } from './table.ts';

export interface ReadPairs {
  readonly correlations: ProfileCorrelations | null;
  readonly interactions: readonly Interaction[];
  readonly leftOut: readonly string[];
}

const drawn = 6;

const module = new URL('../figures/pairs.ts', import.meta.url);

/** A category as a number that stands for it. */
const asCode = ({ name }: Column): string =>
  `case when ${quoteName(name)} is not null then cast(hash(${quoteName(name)}) >> 12 as double) end`;

/** Codes of columns, at the places of pairs, and which rows have none. */
export async function readCodes(
  table: ProfiledTable,
  sampling: Sampling,
  columns: readonly Column[],
): Promise<Map<string, NumberColumn>> {
  if (columns.length === 0) return new Map();
  const places = placesAmong(sampling.rows, sampling.pairs);
  const read = await numbersOf(table, columns, columns.map(asCode), places);
  return new Map(read.map((each, i) => [columns[i]?.name ?? '', each]));
}

/**
 * Columns that vary: numbers, and texts or booleans of few values. The numbers need not wait for the codes, which take
 * another thread meanwhile.
 */
export async function readPairs(
  table: ProfiledTable,
  numbers: readonly ReadColumn[],
  categories: readonly ReadColumn[],
  coded: Promise<ReadonlyMap<string, NumberColumn>>,
): Promise<ReadPairs> {
  const [some, few] = [numbers.slice(0, mostNumbers), categories.slice(0, mostCategories)];
  if (some.length + few.length < 2) return { correlations: null, interactions: [], leftOut: [] };
  const named = (columns: readonly ReadColumn[], codes?: ReadonlyMap<string, NumberColumn>): NamedValues[] =>
    columns.flatMap(({ column: { name }, sample }) => {
      const values = sample ?? codes?.get(name)?.values;
      return values ? [{ column: name, values }] : [];
    });
  const ofNumbers: NumberPairsInput = { numbers: named(some), interactions: drawn };
  const [among, withCategories, rows] = await Promise.all([
    computeFor<NumberPairs>(table, { module, name: 'describeNumberPairs', input: ofNumbers }),
    coded.then((codes) => {
      const input: CategoryPairsInput = { numbers: named(some), categories: named(few, codes) };
      return computeFor<CategoryPairs>(table, { module, name: 'describeCategoryPairs', input });
    }),
    coded.then((codes) => named([...some, ...few], codes)[0]?.values.length ?? 0),
  ]);
  const { spearman, pearson, interactions } = among;
  const strongest = strongestFirst([...among.strongest, ...withCategories.strongest]);
  return {
    correlations: {
      rows,
      approximate: rows < table.rows,
      spearman,
      pearson,
      cramersV: withCategories.cramersV,
      strongest: strongest.slice(0, strongestShown),
    },
    interactions,
    leftOut: [
      ...leftOut(
        numbers.length - some.length,
        `correlations of ${numbers.length - some.length} more numbers`,
      ),
      ...leftOut(
        categories.length - few.length,
        `associations of ${categories.length - few.length} more categories`,
      ),
    ],
  };
}

const leftOut = (count: number, text: string): string[] =>
  count > 0
    ? [`${text}: only those of the first ${mostNumbers} numbers and ${mostCategories} categories are there`]
    : [];
