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
  /** Rows looked at, and those among them that are not as expected. */
  readonly rows: number;
  readonly unexpected: number;
}
type Sample = ExpectationOutcome['sample'];

/** Most of what is wrong is wrong near the top as well; only for the rest the whole table is read. */
const firstLook = 65_536;

/** Twice the rows in which enough would be found if they lay evenly. */
function lookAt(failing: readonly Failing[]): number {
  const needed = failing.map(({ rows, unexpected }) => (2 * sampleSize * rows) / unexpected);
  return Math.min(firstLook, Math.ceil(Math.max(...needed)));
}

/** `row_number()` under a name that no column has; with a limit, reading stops there. */
function numberedRows(columns: readonly Column[], limit?: number): Numbered {
  let name = 'row_number_';
  while (columns.some((column) => column.name.toLowerCase() === name)) name += '_';
  const most = limit === undefined ? '' : ` limit ${limit}`;
  return { row: name, relation: `(select row_number() over () as ${name}, * from rows_${most})` };
}

/** A pass or two for the numbers of all, another, as far as the last of them, for their values. */
export async function sampleRows(
  select: Select,
  failing: readonly Failing[],
  columns: readonly Column[],
): Promise<Map<number, Sample>> {
  const numbers = new Map<number, readonly number[]>();
  const isComplete = ({ index, unexpected }: Failing) =>
    (numbers.get(index)?.length ?? 0) >= Math.min(sampleSize, unexpected);
  await findTogether(select, failing, numberedRows(columns, lookAt(failing)), numbers);
  const rest = failing.filter((item) => !isComplete(item));
  const whole = numberedRows(columns);
  await findTogether(select, rest, whole, numbers);
  for (const { index, check } of rest) {
    if (check.by !== 'counts' || !check.sampleSql) continue;
    const found = await select(check.sampleSql(whole, sampleSize));
    const rows = found.map((row) => Number(row.row_));
    numbers.set(index, rows);
  }
  return readRows(select, failing, numbers, columns);
}

async function findTogether(
  select: Select,
  failing: readonly Failing[],
  { relation, row }: Numbered,
  numbers: Map<number, readonly number[]>,
): Promise<void> {
  const together = failing.flatMap(({ index, check }) =>
    check.by === 'facts' && check.unexpected !== null ? [{ index, condition: check.unexpected }] : [],
  );
  if (together.length === 0) return;
  const lists = together.map(
    ({ condition }, i) => `min(${row}, ${sampleSize}) filter (where ${condition}) as l${i}`,
  );
  const [found] = await select(`select ${lists.join(', ')} from ${relation}`);
  for (const [i, { index }] of together.entries()) numbers.set(index, listOf(found?.[`l${i}`]));
}

const listOf = (cell: Cell | undefined): number[] =>
  typeof cell === 'string' ? (JSON.parse(cell) as number[]) : [];

async function readRows(
  select: Select,
  failing: readonly Failing[],
  numbers: ReadonlyMap<number, readonly number[]>,
  columns: readonly Column[],
): Promise<Map<number, Sample>> {
  const wanted = [...new Set([...numbers.values()].flat())];
  if (wanted.length === 0) return new Map();
  const { relation, row } = numberedRows(columns, Math.max(...wanted));
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
