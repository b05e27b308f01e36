import {
  type Column,
  type Expectation,
  type ExpectationKind,
  type ExpectationOutcome,
  expectationKinds,
  type ValidationStatus,
} from '@tidemill/contract';
import { Value } from 'typebox/value';
import { errors } from '../../base/errors.ts';

/** Types a kind can be held against; a kind not named here takes any. */
const typesOf: Partial<Record<ExpectationKind, readonly Column['type'][]>> = {
  between: ['integer', 'double', 'date', 'timestamp', 'text'],
  matchesRegex: ['text'],
  notMatchesRegex: ['text'],
  lengthBetween: ['text'],
  dateParseable: ['text', 'date', 'timestamp'],
  freshness: ['date', 'timestamp'],
  meanBetween: ['integer', 'double'],
  medianBetween: ['integer', 'double'],
  stdBetween: ['integer', 'double'],
  sumBetween: ['integer', 'double'],
  quantileBetween: ['integer', 'double'],
  minBetween: ['integer', 'double', 'date', 'timestamp'],
  maxBetween: ['integer', 'double', 'date', 'timestamp'],
};
/** Kinds whose bounds are figures whatever the column holds. */
const countKinds = new Set<string>([
  'distinctCountBetween',
  'uniqueShareBetween',
  'lengthBetween',
  'rowCount',
]);

const isNumeric = (type: Column['type']): boolean => type === 'integer' || type === 'double';
const isTime = (type: Column['type']): boolean => type === 'date' || type === 'timestamp';
const timeText = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/;

/** Milliseconds since 1970 of an ISO 8601 text, in UTC where it names no zone; null for any other text. */
export function parseTime(text: string): number | null {
  if (!timeText.test(text)) return null;
  const zoned = text.length === 10 || hasZone.test(text.slice(10)) ? text : `${text}Z`;
  const time = Date.parse(zoned.replace(' ', 'T'));
  return Number.isNaN(time) ? null : time;
}

/** The columns an expectation speaks of. */
export function columnsOf(expectation: Expectation): string[] {
  const found: string[] = [];
  if ('column' in expectation && expectation.column !== undefined) found.push(expectation.column);
  if (expectation.kind === 'unique') found.push(...(expectation.columns ?? []));
  if (expectation.kind === 'pair') found.push(expectation.other);
  if ('groupBy' in expectation) found.push(...(expectation.groupBy ?? []));
  return [...new Set(found)];
}

/**
 * The list as expectations, each of the shape of its kind; what its SQL and patterns say is judged elsewhere.
 * @throws expectationInvalid naming the place in the list
 */
export function parseExpectations(dataset: string, list: readonly unknown[]): Expectation[] {
  return list.map((item, index) => {
    const reason = shapeProblem(item) ?? sizeProblem(item as Expectation);
    if (reason) throw errors.expectationInvalid({ dataset, index, kind: kindText(item), reason });
    return item as Expectation;
  });
}

/** @throws expectationInvalid where one cannot be held against these columns */
export function assertFits(dataset: string, list: readonly Expectation[], columns: readonly Column[]): void {
  for (const [index, expectation] of list.entries()) {
    const reason = misfit(expectation, columns);
    if (reason) throw errors.expectationInvalid({ dataset, index, kind: expectation.kind, reason });
  }
}

const kindText = (item: unknown): string => {
  const kind = typeof item === 'object' && item !== null && 'kind' in item ? item.kind : undefined;
  return typeof kind === 'string' ? kind.slice(0, 100) : 'without a kind';
};

const isKind = (kind: string): kind is ExpectationKind => Object.hasOwn(expectationKinds, kind);

function shapeProblem(item: unknown): string | null {
  if (typeof item !== 'object' || item === null) return 'it is not an object';
  const kind = kindText(item);
  if (!isKind(kind))
    return `there is no such kind. The kinds are ${Object.keys(expectationKinds).join(', ')}`;
  const schema = expectationKinds[kind];
  // A union reports each of its branches; the last problem speaks of the whole field.
  const problem = Value.Errors(schema, item).findLast(({ keyword }) => keyword !== 'boolean');
  if (!problem) return null;
  const { keyword, instancePath, params, message } = problem;
  const where = instancePath.slice(1).replaceAll('/', '.');
  if ('additionalProperties' in params)
    return `it does not take ${listed(params.additionalProperties)}. It takes ${listed(Object.keys(schema.properties).slice(1))}`;
  if ('requiredProperties' in params) return `it needs ${listed(params.requiredProperties)}`;
  if ('allowedValues' in params) return `${where} must be one of ${listed(params.allowedValues)}`;
  if (keyword === 'anyOf') return `${where} must be a number or a text`;
  return `${where} ${message}`;
}

const listed = (names: readonly unknown[]): string => names.map((name) => `'${name}'`).join(', ');

function sizeProblem(expectation: Expectation): string | null {
  if (expectation.kind === 'unique') {
    const { column, columns } = expectation;
    if ((column === undefined) === (columns === undefined)) return "it needs either 'column' or 'columns'";
  }
  if (expectation.kind === 'rowCount') {
    const { min, max, maxChange } = expectation;
    if (min === undefined && max === undefined && maxChange === undefined)
      return "it needs 'min', 'max' or 'maxChange'";
    if (maxChange !== undefined && expectation.where !== undefined)
      return "'maxChange' compares whole versions, so it takes no 'where'";
  } else if ('min' in expectationKinds[expectation.kind].properties) {
    const { min, max } = expectation as { min?: unknown; max?: unknown };
    if (min === undefined && max === undefined) return "it needs 'min' or 'max'";
  }
  return rangeProblem(expectation);
}

function rangeProblem(expectation: Expectation): string | null {
  const { min, max } = expectation as { min?: string | number; max?: string | number };
  if (min === undefined || max === undefined) return null;
  if (typeof min !== typeof max) return "'min' and 'max' are not of one type";
  return min > max ? `'min' (${min}) is above 'max' (${max})` : null;
}

/** Why it cannot be held against a table of these columns, or null. */
export function misfit(expectation: Expectation, columns: readonly Column[]): string | null {
  if (expectation.kind === 'columnSet') return null;
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  for (const name of columnsOf(expectation))
    if (!types.has(name))
      return `there is no column '${name}'. The columns are ${columns.map((found) => found.name).join(', ')}`;
  if (!('column' in expectation) || expectation.column === undefined) return null;
  const type = types.get(expectation.column) ?? 'text';
  const { column } = expectation;
  const accepted = typesOf[expectation.kind];
  if (accepted && !accepted.includes(type))
    return `column '${column}' is ${type}; ${expectation.kind} takes ${accepted.join(', ')}`;
  if (expectation.kind === 'pair') {
    const other = types.get(expectation.other) ?? 'text';
    if (!areComparable(type, other))
      return `'${column}' is ${type} and '${expectation.other}' is ${other}: they cannot be compared`;
  }
  if (
    expectation.kind === 'distribution' &&
    expectation.method === 'ks' &&
    (type === 'text' || type === 'boolean')
  )
    return `column '${column}' is ${type}; ks compares numbers and times`;
  return boundMisfit(expectation, column, type) ?? valueMisfit(expectation, column, type);
}

const areComparable = (one: Column['type'], other: Column['type']): boolean =>
  one === other || (isNumeric(one) && isNumeric(other)) || (isTime(one) && isTime(other));

function boundMisfit(expectation: Expectation, column: string, type: Column['type']): string | null {
  const bounds = expectation as { min?: unknown; max?: unknown };
  for (const end of ['min', 'max'] as const) {
    const value = bounds[end];
    if (value === undefined) continue;
    const wanted = countKinds.has(expectation.kind) ? 'integer' : type;
    const problem = literalMisfit(value, wanted);
    if (problem) return `'${end}' ${problem}, but column '${column}' is ${type}`;
  }
  return null;
}

function valueMisfit(expectation: Expectation, column: string, type: Column['type']): string | null {
  if (expectation.kind !== 'inSet' && expectation.kind !== 'notInSet') return null;
  for (const [i, value] of expectation.values.entries()) {
    const problem = literalMisfit(value, type);
    if (problem) return `values[${i}] ${problem}, but column '${column}' is ${type}`;
  }
  return null;
}

function literalMisfit(value: unknown, type: Column['type']): string | null {
  if (isNumeric(type)) return typeof value === 'number' ? null : `is not a number (${JSON.stringify(value)})`;
  if (type === 'boolean')
    return typeof value === 'boolean' ? null : `is not true or false (${JSON.stringify(value)})`;
  if (typeof value !== 'string') return `is not a text (${JSON.stringify(value)})`;
  if (isTime(type) && parseTime(value) === null)
    return `is not a date or time such as 2024-03-01 ('${value}')`;
  return null;
}

/** Failed if anything of severity `error` did, warned if anything else did. */
export function statusOf(outcomes: readonly ExpectationOutcome[]): ValidationStatus {
  const failed = outcomes.filter(({ passed }) => !passed);
  if (failed.some(({ severity }) => severity === 'error')) return 'failed';
  if (failed.length > 0) return 'warned';
  return outcomes.length > 0 ? 'passed' : 'none';
}

export interface Counts {
  readonly passed: number;
  readonly warned: number;
  readonly failed: number;
}

export const countsOf = (outcomes: readonly ExpectationOutcome[]): Counts => ({
  passed: outcomes.filter(({ passed }) => passed).length,
  warned: outcomes.filter(({ passed, severity }) => !passed && severity === 'warn').length,
  failed: outcomes.filter(({ passed, severity }) => !passed && severity === 'error').length,
});

/** Whether enough of the rows are as expected: all of them where nothing else is said. */
export const isMostly = (rows: number, unexpected: number, mostly = 1): boolean =>
  rows === 0 || (rows - unexpected) / rows >= mostly;
