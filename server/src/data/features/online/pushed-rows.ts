/** Rows of a push, checked as a whole before any of them is kept. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Column, FeatureView, Row } from '@tidemill/contract';
import type { OnlineRow } from '../../../adapters/online/online.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import { isDay, parseMicroseconds, timeExample } from './instants.ts';
import { onlineKey } from './keys.ts';
import type { ViewRead } from './read.ts';
import { isInt64, shownValue } from './shown-value.ts';
import { packValues } from './values.ts';

/** After so many others get their turn: some milliseconds. */
export const rowsPerTurn = 1_000;

/** Clocks differ a little; an event that lies further ahead would keep newer ones out. */
const aheadUs = 60_000_000;

type Check = (value: unknown) => string | null;

/** What is wrong with a value of a column of this type; null when nothing is. */
const checks: Readonly<Record<Column['type'], Check>> = {
  boolean: (value) => (typeof value === 'boolean' ? null : 'true or false'),
  integer: (value) =>
    Number.isSafeInteger(value) || (typeof value === 'string' && isInt64(value))
      ? null
      : 'a whole number; beyond 9007199254740991 send it as a text',
  double: (value) => (typeof value === 'number' && Number.isFinite(value) ? null : 'a number'),
  text: (value) => (typeof value === 'string' && value.isWellFormed() ? null : 'a text'),
  date: (value) => (typeof value === 'string' && isDay(value) ? null : 'a date such as 2023-08-31'),
  timestamp: (value) => (parseMicroseconds(value) === null ? timeExample : null),
};

export interface PushedRows {
  readonly online: readonly OnlineRow[];
  /** Rows for the dataset: every column of the view, and when they became known. */
  readonly offline: readonly Row[];
}

/**
 * @param now milliseconds: rows without a created time became known then
 * @throws pushInvalid naming row and column
 */
export async function toPushedRows(
  { view, keys }: ViewRead,
  rows: readonly Row[],
  now: number,
): Promise<PushedRows> {
  const columns = columnsOf(view);
  const known = new Set(columns.map(({ name }) => name));
  const [online, offline]: [OnlineRow[], Row[]] = [[], []];
  for (const [i, given] of rows.entries()) {
    if (i > 0 && i % rowsPerTurn === 0) await nextTurn();
    const invalid = (column: string, reason: string) =>
      errors.pushInvalid({ view: view.reference, row: i + 1, column, reason });
    const row = completed(view, given, now);
    for (const name of Object.keys(row))
      if (!known.has(name)) throw invalid(name, `is not one of the view's (${[...known].join(', ')})`);
    for (const { name, type, isRequired } of columns) {
      const value = row[name] ?? null;
      if (value === null && isRequired) throw invalid(name, 'is missing');
      const expected = value === null ? null : checks[type](value);
      if (expected !== null) throw invalid(name, `is ${shownValue(value)}, not ${expected}`);
    }
    const eventTime = parseMicroseconds(row[view.eventTime]) as number;
    if (eventTime > now * 1000 + aheadUs)
      throw invalid(view.eventTime, `${row[view.eventTime]} lies in the future`);
    online.push({
      key: keyOf(keys, row, invalid),
      eventTime,
      values: packValues(view.features, valuesOf(view, row)),
    });
    offline.push(withFullTimes(columns, row));
  }
  return { online, offline };
}

interface PushedColumn extends Column {
  readonly isRequired: boolean;
}

function columnsOf(view: FeatureView): PushedColumn[] {
  const typeOf = (name: string, otherwise: Column['type']) =>
    [...(view.stream?.columns ?? []), ...view.joinKeys].find((column) => column.name === name)?.type ??
    otherwise;
  const times = [view.eventTime, ...(view.createdTime === null ? [] : [view.createdTime])];
  return [
    ...view.entity.map((name) => ({ name, type: typeOf(name, 'text'), isRequired: true })),
    ...times.map((name) => ({ name, type: typeOf(name, 'timestamp'), isRequired: true })),
    ...view.features.map((feature) => ({ ...feature, isRequired: false })),
  ];
}

const completed = ({ createdTime }: FeatureView, row: Row, now: number): Row =>
  createdTime === null || row[createdTime] != null
    ? row
    : { ...row, [createdTime]: new Date(now).toISOString() };

/** In the form in which materializing writes them. */
const valuesOf = ({ features }: FeatureView, row: Row): Row =>
  withFullTimes(features, Object.fromEntries(features.map(({ name }) => [name, row[name] ?? null])));

/** A day is its first instant in UTC: one column may hold days, times and offsets, and its file is of one form. */
function withFullTimes(columns: readonly Column[], row: Row): Row {
  const full = { ...row };
  for (const { name, type } of columns) {
    const time = type === 'timestamp' && row[name] != null ? parseMicroseconds(row[name]) : null;
    if (time !== null) full[name] = toIso(time);
  }
  return full;
}

function toIso(microseconds: number): string {
  const ms = Math.floor(microseconds / 1000);
  const rest = microseconds - ms * 1000;
  const text = new Date(ms).toISOString();
  return rest === 0 ? text : text.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

function keyOf(keys: ViewRead['keys'], row: Row, invalid: (column: string, reason: string) => Error): string {
  try {
    return onlineKey(keys, row);
  } catch (error) {
    if (error instanceof TidemillError)
      throw invalid(String(error.details.column), `takes ${String(error.details.expected ?? 'a value')}`);
    throw error;
  }
}
