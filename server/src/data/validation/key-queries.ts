/** Selects for what one row alone does not tell: how often a key occurs, and whether values rise from row to row. */
import type { Expectation } from '@tidemill/contract';
import { quoteName } from '../../base/sql-text.ts';
import { isPresent } from './row-conditions.ts';

type Sequence = Extract<Expectation, { kind: 'increasing' | 'decreasing' }>;

/** A row of a key is looked at unless all of it is missing. */
export const isKeyPresent = (columns: readonly string[]): string =>
  `(${columns.map(isPresent).join(' or ')})`;

const names = (columns: readonly string[]): string => columns.map(quoteName).join(', ');

/** One row: rows with a key, and rows whose key occurs more than once. */
export const keyCountsSql = (columns: readonly string[], where: string): string =>
  `select coalesce(sum(c), 0) as n, coalesce(sum(c) filter (where c > 1), 0) as bad from (select count(*) as c from rows_ where ${isKeyPresent(columns)} and ${where} group by ${names(columns)})`;

/** One row of the same shape: rows with a value, and those on the wrong side of the row before them. */
export function sequenceSql(expectation: Sequence, where: string): string {
  return `select count(*) as n, count(*) filter (where ${wrong(expectation)}) as bad from (${stepsSql(expectation, where, 'rows_', null)})`;
}

/** One row: among the first `rows`, the steps against a strict rise and those against a strict fall. */
export function firstStepsSql(column: string, rows: number): string {
  const steps = (kind: Sequence['kind']) => `count_if(${wrong({ kind, column, strictly: true })})`;
  const first = `(select ${quoteName(column)} from rows_ limit ${rows})`;
  return `select ${steps('increasing')} as increasing, ${steps('decreasing')} as decreasing from (${stepsSql({ kind: 'increasing', column }, 'true', first, null)})`;
}

function wrong({ kind, strictly }: Sequence): string {
  const operator = kind === 'increasing' ? '<' : '>';
  return `value_ ${operator}${strictly ? '=' : ''} before_`;
}

/** Each value beside the one before it, in row order. `row` is a column that numbers the rows, where there is one. */
function stepsSql({ column, groupBy }: Sequence, where: string, from: string, row: string | null): string {
  const value = quoteName(column);
  const numbered = row === null && groupBy ? `(select row_number() over () as row_, * from ${from})` : from;
  const order = row ?? 'row_';
  const over = groupBy ? `partition by ${names(groupBy)} order by ${order}` : '';
  return `select ${row === null ? '' : `${row}, `}${value} as value_, lag(${value}) over (${over}) as before_ from ${numbered} where ${isPresent(column)} and ${where}`;
}

/** The numbers of the first rows whose key occurs more than once. `numbered` is a relation whose `row` counts rows. */
export function duplicateRowsSql(
  columns: readonly string[],
  where: string,
  numbered: string,
  row: string,
  limit: number,
): string {
  const looked = `${isKeyPresent(columns)} and ${where}`;
  const keys = columns.map((name, i) => `${quoteName(name)} as k${i}`).join(', ');
  const isSame = columns.map((name, i) => `${quoteName(name)} is not distinct from k${i}`).join(' and ');
  return `select ${row} as row_ from (select * from ${numbered} where ${looked}) join (select ${keys} from rows_ where ${looked} group by ${names(columns)} having count(*) > 1) on ${isSame} order by 1 limit ${limit}`;
}

export const wrongStepsSql = (
  expectation: Sequence,
  where: string,
  numbered: string,
  row: string,
  limit: number,
): string =>
  `select ${row} as row_ from (${stepsSql(expectation, where, numbered, row)}) where ${wrong(expectation)} order by 1 limit ${limit}`;
