/** Values of many views for many entities in one round trip, each with its status; nothing in it asks the database. */
import type { Column, FeatureStatus, FeatureView, Row } from '@tidemill/contract';
import type { OnlineStore, OnlineValues } from '../../../adapters/online/online.ts';
import { type KeyColumn, onlineKey } from './keys.ts';
import { onlineName, ttlMsOf, unpackValues } from './values.ts';
import { toWindowRead, type WindowRead, windowValues } from './windows.ts';

/** What is read of one view, prepared once. */
export interface ViewRead {
  readonly view: FeatureView;
  readonly online: string;
  readonly keys: readonly KeyColumn[];
  readonly ttlUs: number;
  /** Which of the view's features, in which order. */
  readonly positions: readonly number[];
  /** Whether no value of the view can hold a comma, so that its text need not be parsed to be taken apart. */
  readonly isPlain: boolean;
  /** Where its values are computed from events. */
  readonly windows: WindowRead | null;
}

/** A view's values for one entity as JSON texts, one for each of the view's features. */
export interface ReadTexts {
  /** Null where there are none, or none that may be used. */
  readonly texts: readonly string[] | null;
  readonly isThere: boolean;
  readonly isOld: boolean;
  /** Milliseconds. */
  readonly eventTime: number | null;
}

/** What was found for one entity, parallel to the features that were asked for. */
export interface ReadRow {
  readonly values: unknown[];
  readonly statuses: FeatureStatus[];
  /** Milliseconds. */
  readonly eventTimes: (number | null)[];
}

export function toViewRead(view: FeatureView, features?: readonly string[]): ViewRead {
  const names = view.features.map(({ name }) => name);
  const ttl = ttlMsOf(view);
  return {
    view,
    online: onlineName(view),
    keys: view.entity.map((name) => ({
      name,
      type: view.joinKeys.find((key) => key.name === name)?.type ?? null,
    })),
    ttlUs: ttl === null ? Number.POSITIVE_INFINITY : ttl * 1000,
    positions: (features ?? names).map((name) => names.indexOf(name)),
    windows: toWindowRead(view),
    isPlain: view.features.every(({ type }) => plainTypes.has(type)),
  };
}

const plainTypes: ReadonlySet<Column['type']> = new Set(['boolean', 'integer', 'double']);

/** An entity with a null key is nobody; a key that is not there at all is a mistake. */
function keyOf(keys: readonly KeyColumn[], record: Row, index: number): string | null {
  for (const { name } of keys) if (record[name] === null) return null;
  return onlineKey(keys, record, index);
}

/** Who has a null key. */
const nobody = Symbol('nobody');
type Held = OnlineValues | null | typeof nobody;

/** Per view and entity what the store holds. */
async function readHeld(
  store: Pick<OnlineStore, 'read'>,
  reads: readonly ViewRead[],
  records: readonly Row[],
): Promise<Held[][]> {
  const keys = reads.map((read) => records.map((record, index) => keyOf(read.keys, record, index)));
  const isWhole = keys.map((some) => some.every((key) => key !== null));
  const wanted = reads.map(({ online }, v) => ({
    view: online,
    keys: (keys[v] ?? []).filter((key) => key !== null),
  }));
  const found = await store.read(wanted);
  return found.map((answers, v) => {
    if (isWhole[v]) return answers;
    let next = 0;
    return (keys[v] ?? []).map((key) => (key === null ? nobody : (answers[next++] ?? null)));
  });
}

/** Epoch milliseconds. */
export interface ReadTimes {
  /** When values must not be older than their view's ttl. */
  readonly at: number;
  /** Where windows end: the store has the events of now, not those of other times. */
  readonly now: number;
}

/**
 * Values older than their view's ttl at `at` are null and OUTSIDE_MAX_AGE, as a training set has none there.
 * @throws entityKeyMissing, entityKeyInvalid, onlineUnavailable, onlineBusy
 */
export async function readRows(
  store: Pick<OnlineStore, 'read'>,
  reads: readonly ViewRead[],
  records: readonly Row[],
  times: ReadTimes,
): Promise<ReadRow[]> {
  const found = await readHeld(store, reads, records);
  return records.map((_, r) => {
    const row: ReadRow = { values: [], statuses: [], eventTimes: [] };
    for (const [v, read] of reads.entries()) addTo(row, read, found[v]?.[r] ?? null, times);
    return row;
  });
}

/** The same as texts, per view and entity: a reply can be put together from them without a value being read. */
export async function readTexts(
  store: Pick<OnlineStore, 'read'>,
  reads: readonly ViewRead[],
  records: readonly Row[],
  times: ReadTimes,
): Promise<ReadTexts[][]> {
  const found = await readHeld(store, reads, records);
  return found.map((answers, v) => answers.map((held) => toTexts(reads[v] as ViewRead, held, times)));
}

const nothing: ReadTexts = { texts: null, isThere: false, isOld: false, eventTime: null };

function toTexts({ view, ttlUs, isPlain, windows }: ViewRead, held: Held, { at, now }: ReadTimes): ReadTexts {
  if (held === nobody) return nothing;
  if (windows !== null) {
    const { texts, isThere, eventTime } = windowValues(windows, held, now * 1000);
    return {
      texts,
      isThere,
      isOld: false,
      eventTime: eventTime === null ? null : Math.floor(eventTime / 1000),
    };
  }
  if (held === null) return nothing;
  const eventTime = Math.floor(held.eventTime / 1000);
  if (at * 1000 - held.eventTime > ttlUs) return { texts: null, isThere: true, isOld: true, eventTime };
  const { values } = held;
  const texts =
    isPlain && values.startsWith('[')
      ? values.slice(1, -1).split(',')
      : unpackValues(view.features, values).map((value) => JSON.stringify(value ?? null));
  return { texts, isThere: true, isOld: false, eventTime };
}

function addTo(row: ReadRow, read: ViewRead, held: Held, times: ReadTimes): void {
  const { values, isThere, isOld, eventTime } = toValues(read, held, times);
  for (const position of read.positions) {
    const value = values?.[position] ?? null;
    row.values.push(value);
    row.eventTimes.push(eventTime);
    row.statuses.push(statusOf(isThere, isOld, value));
  }
}

/** Without a text for each value, where the store has all in one. */
function toValues(read: ViewRead, held: Held, times: ReadTimes) {
  if (read.windows !== null) {
    const { texts, ...found } = toTexts(read, held, times);
    return { ...found, values: texts === null ? null : (JSON.parse(`[${texts.join(',')}]`) as unknown[]) };
  }
  if (held === null || held === nobody) return { ...nothing, values: null };
  const isOld = times.at * 1000 - held.eventTime > read.ttlUs;
  const values = isOld ? null : unpackValues(read.view.features, held.values);
  return { values, isThere: true, isOld, eventTime: Math.floor(held.eventTime / 1000) };
}

function statusOf(isThere: boolean, isOld: boolean, value: unknown): FeatureStatus {
  if (!isThere) return 'NOT_FOUND';
  if (isOld) return 'OUTSIDE_MAX_AGE';
  return value === null ? 'NULL_VALUE' : 'PRESENT';
}
