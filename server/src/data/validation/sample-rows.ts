/** The first rows that are not as expected, by number and value. */
import type { Column, Expectation, ExpectationOutcome, Row } from '@tidemill/contract';
import type { Cell, ColumnHead } from '../../adapters/analytics/analytics.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { Check, Numbered } from './checks.ts';
import { columnsOf } from './rules.ts';

export const sampleSize = 20;
/** Beside the columns an expectation speaks of, the first ones of the table: they mostly name the row. */
const shownColumns = 8;
const longestText = 200;

type Cells = Readonly<Record<string, Cell>>;
export type Select = (sql: string) => Promise<readonly Cells[]>;
export interface Failing {
  readonly index: number;
  readonly expectation: Expectation;
  readonly check: Check;
}
type Sample = ExpectationOutcome['sample'];

/** `row_number()` under a name that no column has. */
export function numberedRows(columns: readonly Column[]): Numbered {
  let name = 'row_number_';
  while (columns.some((column) => column.name.toLowerCase() === name)) name += '_';
  return { row: name, relation: `(select row_number() over () as ${name}, * from rows_)` };
}

/** One pass for the numbers of all, another for their values. */
export async function sampleRows(
  select: Select,
  failing: readonly Failing[],
  columns: readonly Column[],
): Promise<Map<number, Sample>> {
  const numbered = numberedRows(columns);
  const numbers = new Map<number, number[]>();
  const together = failing.flatMap(({ index, check }) =>
    check.by === 'facts' && check.unexpected !== null ? [{ index, condition: check.unexpected }] : [],
  );
  if (together.length > 0) {
    const lists = together.map(
      ({ condition }, i) => `min(${numbered.row}, ${sampleSize}) filter (where ${condition}) as l${i}`,
    );
    const [found] = await select(`select ${lists.join(', ')} from ${numbered.relation}`);
    for (const [i, { index }] of together.entries()) numbers.set(index, listOf(found?.[`l${i}`]));
  }
  for (const { index, check } of failing) {
    if (check.by !== 'counts' || !check.sampleSql) continue;
    const found = await select(check.sampleSql(numbered, sampleSize));
    numbers.set(
      index,
      found.map((row) => Number(row.row_)),
    );
  }
  return readRows(select, numbered, failing, numbers, columns);
}

const listOf = (cell: Cell | undefined): number[] =>
  typeof cell === 'string' ? (JSON.parse(cell) as number[]) : [];

async function readRows(
  select: Select,
  { relation, row }: Numbered,
  failing: readonly Failing[],
  numbers: ReadonlyMap<number, readonly number[]>,
  columns: readonly Column[],
): Promise<Map<number, Sample>> {
  const wanted = [...new Set([...numbers.values()].flat())];
  if (wanted.length === 0) return new Map();
  const shown = new Map(failing.map(({ index, expectation }) => [index, shownOf(expectation, columns)]));
  const read = [...new Set([...shown.values()].flat())];
  // An integer may be too large for an exact number; the nearest one still says which it is.
  const values = columns
    .filter(({ name }) => read.includes(name))
    .map(({ name, type }, i) => ({
      name,
      sql: `${type === 'integer' ? `cast(${quoteName(name)} as double)` : quoteName(name)} as v${i}`,
    }));
  const rows = await select(
    `select ${row} as row_, ${values.map(({ sql }) => sql).join(', ')} from ${relation} where ${row} in (${wanted.join(', ')})`,
  );
  const byNumber = new Map(
    rows.map((cells) => [
      Number(cells.row_),
      Object.fromEntries(values.map(({ name }, i) => [name, shortened(cells[`v${i}`] ?? null)])),
    ]),
  );
  return new Map(
    [...numbers].map(([index, found]) => [
      index,
      found.map((number) => ({
        row: number,
        values: pick(byNumber.get(number) ?? {}, shown.get(index) ?? []),
      })),
    ]),
  );
}

function shownOf(expectation: Expectation, columns: readonly Column[]): string[] {
  const own = columnsOf(expectation);
  const rest = columns.map(({ name }) => name).filter((name) => !own.includes(name));
  return [...own, ...rest].slice(0, Math.max(shownColumns, own.length));
}

const pick = (values: Row, names: readonly string[]): Row =>
  Object.fromEntries(names.map((name) => [name, values[name] ?? null]));

/** JSON knows no NaN, and nobody reads a text of a megabyte. */
export function shortened(cell: Cell): Cell {
  if (typeof cell === 'number' && !Number.isFinite(cell)) return String(cell);
  return typeof cell === 'string' && cell.length > longestText ? `${cell.slice(0, longestText)}…` : cell;
}

export const headsOf = (heads: readonly ColumnHead[]): string[] =>
  heads.slice(0, sampleSize).map(({ name }) => name);
