/** SQL conditions on one row: which rows an expectation looks at, and which of them are not as expected. */
import type { Column, Expectation } from '@tidemill/contract';
import { quoteName, quoteText } from '../../base/sql-text.ts';
import { parseTime } from './rules.ts';

export interface RowCondition {
  /** Rows it is held against: those with a value. */
  readonly present: string;
  /** How many these are, where no other condition counts. */
  readonly count: string;
  readonly unexpected: string;
}

type Type = Column['type'];
export type TypeOf = (column: string) => Type;

/** A user's SQL condition in brackets of its own; the line break ends a comment. */
export const inBrackets = (sql: string): string => `(${sql}\n)`;

export const isPresent = (column: string): string => `${quoteName(column)} is not null`;

/** A value of the column's type, as DuckDB reads it. */
export function literal(value: string | number | boolean, type: Type): string {
  if (typeof value === 'boolean') return String(value);
  // A fraction alone would be a decimal, to which a large integer cannot be brought.
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? String(value) : `cast(${value} as double)`;
  const time = type === 'date' || type === 'timestamp' ? parseTime(value) : null;
  if (time === null) return quoteText(value);
  return `cast(${quoteText(new Date(time).toISOString().slice(0, -1))} as timestamp)`;
}

/** Null for kinds that are not judged row by row from the row alone. */
export function rowCondition(expectation: Expectation, typeOf: TypeOf): RowCondition | null {
  if (expectation.kind === 'pair') return pairCondition(expectation, typeOf);
  if (!('column' in expectation) || expectation.column === undefined) return null;
  if (expectation.kind === 'notNull')
    return { present: 'true', count: 'count(*)', unexpected: `${quoteName(expectation.column)} is null` };
  const unexpected = valueCondition(expectation, quoteName(expectation.column), typeOf(expectation.column));
  const count = `count(${quoteName(expectation.column)})`;
  return unexpected === null ? null : { present: isPresent(expectation.column), count, unexpected };
}

function valueCondition(expectation: Expectation, value: string, type: Type): string | null {
  switch (expectation.kind) {
    case 'between':
      return outside(expectation, value, type);
    case 'lengthBetween':
      return outside(expectation, `length(${value})`, 'integer');
    case 'inSet':
      return `${value} not in (${setSql(expectation.values, type)})`;
    case 'notInSet':
      return `${value} in (${setSql(expectation.values, type)})`;
    case 'matchesRegex':
      return `not regexp_matches(${value}, ${quoteText(expectation.pattern)})`;
    case 'notMatchesRegex':
      return `regexp_matches(${value}, ${quoteText(expectation.pattern)})`;
    case 'dateParseable':
      return type === 'text' ? unreadableDate(value, expectation.format) : 'false';
    default:
      return null;
  }
}

/** A long list is made a table: DuckDB would compare each row with every value of it one by one. */
function setSql(values: readonly (string | number | boolean)[], type: Type): string {
  const list = values.map((one) => literal(one, type)).join(', ');
  return values.length > longList ? `select unnest([${list}])` : list;
}

const longList = 8;

const unreadableDate = (value: string, format: string | undefined): string =>
  format === undefined
    ? `try_cast(${value} as timestamp) is null`
    : `try_strptime(${value}, ${quoteText(format)}) is null`;

interface Range {
  readonly min?: string | number | undefined;
  readonly max?: string | number | undefined;
  readonly strictMin?: boolean | undefined;
  readonly strictMax?: boolean | undefined;
}

/** NaN lies in no range: DuckDB orders it behind every number, infinity included. */
function outside({ min, max, strictMin, strictMax }: Range, value: string, type: Type): string {
  const parts = [
    ...(type === 'double' && max === undefined ? [`${value} > cast('infinity' as double)`] : []),
    ...(min === undefined ? [] : [`${value} ${strictMin ? '<=' : '<'} ${literal(min, type)}`]),
    ...(max === undefined ? [] : [`${value} ${strictMax ? '>=' : '>'} ${literal(max, type)}`]),
  ];
  return parts.join(' or ');
}

function pairCondition(
  { column, other, operator }: Extract<Expectation, { kind: 'pair' }>,
  typeOf: TypeOf,
): RowCondition {
  const [one, two] = [quoteName(column), quoteName(other)];
  const nan = [column, other]
    .filter((name) => typeOf(name) === 'double')
    .map((name) => `isnan(${quoteName(name)})`);
  const differs = `not (${one} ${operator} ${two})`;
  const isNan = nan.join(' or ');
  // NaN is unequal to everything, itself included, and neither above nor below it.
  const unexpected =
    nan.length === 0
      ? differs
      : operator === '!='
        ? `${differs} and not (${isNan})`
        : `${differs} or ${isNan}`;
  const present = `${isPresent(column)} and ${isPresent(other)}`;
  return { present, count: `count_if(${present})`, unexpected };
}
