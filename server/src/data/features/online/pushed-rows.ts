/** Rows of a push, checked as a whole before any of them is kept. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Column, FeatureView, Row } from '@tidemill/contract';
import type { OnlineEvent, OnlineRow } from '../../../adapters/online/online.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import { spellEventValue } from './event-values.ts';
import { isDay, parseMicroseconds, timeExample, toIso } from './instants.ts';
import { onlineKey } from './keys.ts';
import { columnsOf } from './pushed-columns.ts';
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
  /** Instead of rows, where values are computed from events; not known yet: in which version they are. */
  readonly events: readonly Omit<OnlineEvent, 'version'>[];
  /** Rows for the dataset: every column of the view, and when they became known. */
  readonly offline: readonly Row[];
}

export interface Pushed {
  /** Milliseconds. */
  readonly now: number;
  /** Tells the push from others. */
  readonly push: string;
}

/**
 * Rows without a created time became known now.
 * @throws pushInvalid naming row and column
 */
export async function toPushedRows(
  read: ViewRead,
  rows: readonly Row[],
  { now, push }: Pushed,
): Promise<PushedRows> {
  const { view, keys, windows } = read;
  const columns = columnsOf(view);
  const known = new Set(columns.map(({ name }) => name));
  const [online, events, offline]: [OnlineRow[], Omit<OnlineEvent, 'version'>[], Row[]] = [[], [], []];
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
    const key = keyOf(keys, row, invalid);
    if (windows) events.push(toEvent(view, row, { key, eventTime, push: `${push} ${i}` }));
    else online.push({ key, eventTime, values: packValues(view.features, valuesOf(view, row)) });
    offline.push(withFullTimes(columns, row));
  }
  return { online, events, offline };
}

/**
 * Without a created time a row is an event, and the push that brought it tells it from others; with one, rows that say the
 * same of an event are one.
 */
function toEvent(
  { inputs, createdTime }: FeatureView,
  row: Row,
  { key, eventTime, push }: { readonly key: string; readonly eventTime: number; readonly push: string },
): Omit<OnlineEvent, 'version'> {
  const created = createdTime === null ? eventTime : (parseMicroseconds(row[createdTime]) as number);
  const values = inputs.map(({ name, type }) => spellEventValue(type, row[name] ?? null));
  const event = `[${[eventTime, created - eventTime, ...values].join(',')}]`;
  const id = createHash('sha256').update(createdTime === null ? push : event);
  const since = Math.max(eventTime, created);
  return { key, eventTime, since, event, id: id.digest('base64url').slice(0, 22) };
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

function keyOf(keys: ViewRead['keys'], row: Row, invalid: (column: string, reason: string) => Error): string {
  try {
    return onlineKey(keys, row);
  } catch (error) {
    if (error instanceof TidemillError)
      throw invalid(String(error.details.column), `takes ${String(error.details.expected ?? 'a value')}`);
    throw error;
  }
}
