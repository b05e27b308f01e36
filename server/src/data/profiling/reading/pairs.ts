import type { Column, Interaction, ProfileCorrelations } from '@tidemill/contract';
import { quoteName } from '../../../base/sql-text.ts';
import type { PairFigures, PairInput } from '../figures/pairs.ts';
import { asDouble, columnsOf, computeFor, type ProfiledTable, sampledSql } from './table.ts';

export interface ReadPairs {
  readonly correlations: ProfileCorrelations | null;
  readonly interactions: readonly Interaction[];
  readonly leftOut: readonly string[];
}

const mostNumbers = 40;
const mostCategories = 30;
const drawn = 6;
/** Ranks of so many rows tell a correlation to about three thousandths. */
const sampledRows = 100_000;
const mostCells = 6_000_000;

const module = new URL('../figures/pairs.ts', import.meta.url);

/** A category as a number that stands for it. */
const asCode = ({ name }: Column): string =>
  `case when ${quoteName(name)} is not null then cast(hash(${quoteName(name)}) >> 12 as double) end`;

/** Columns that vary: numbers, and texts or booleans of few values. */
export async function readPairs(
  table: ProfiledTable,
  numbers: readonly Column[],
  categories: readonly Column[],
): Promise<ReadPairs> {
  const [some, few] = [numbers.slice(0, mostNumbers), categories.slice(0, mostCategories)];
  if (some.length + few.length < 2) return { correlations: null, interactions: [], leftOut: [] };
  const expressions = [...some.map(asDouble), ...few.map(asCode)];
  const wanted = Math.min(sampledRows, Math.floor(mostCells / expressions.length));
  const { values, rowCount } = await columnsOf(
    table,
    [...some, ...few],
    sampledSql(expressions, table.rows, wanted),
  );
  const named = (columns: readonly Column[], from: number) =>
    columns.flatMap(({ name }, i) => {
      const found = values[from + i];
      return found instanceof Float64Array ? [{ column: name, values: found }] : [];
    });
  const input: PairInput = {
    numbers: named(some, 0),
    categories: named(few, some.length),
    interactions: drawn,
  };
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
