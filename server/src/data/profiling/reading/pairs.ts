import type { Column, Interaction, ProfileCorrelations } from '@tidemill/contract';
import type { NumberColumn } from '../../../adapters/analytics/analytics.ts';
import { quoteName } from '../../../base/sql-text.ts';
import type { NamedValues, PairFigures, PairInput } from '../figures/pairs.ts';
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

/** Columns that vary: numbers, and texts or booleans of few values. */
export async function readPairs(
  table: ProfiledTable,
  numbers: readonly ReadColumn[],
  categories: readonly ReadColumn[],
  codes: ReadonlyMap<string, NumberColumn>,
): Promise<ReadPairs> {
  const [some, few] = [numbers.slice(0, mostNumbers), categories.slice(0, mostCategories)];
  if (some.length + few.length < 2) return { correlations: null, interactions: [], leftOut: [] };
  const named = (columns: readonly ReadColumn[]): NamedValues[] =>
    columns.flatMap(({ column: { name }, sample }) => {
      const values = sample ?? codes.get(name)?.values;
      return values ? [{ column: name, values }] : [];
    });
  const input: PairInput = { numbers: named(some), categories: named(few), interactions: drawn };
  const rowCount = [...input.numbers, ...input.categories][0]?.values.length ?? 0;
  const figures = await computeFor<PairFigures>(table, { module, name: 'describePairs', input });
  const { spearman, pearson, cramersV, strongest, interactions } = figures;
  return {
    correlations: {
      rows: rowCount,
      approximate: rowCount < table.rows,
      spearman,
      pearson,
      cramersV,
      strongest: [...strongest],
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
