/** Values of many views for many entities in one round trip, each with its status; nothing in it asks the database. */
import type { FeatureStatus, FeatureView, Row } from '@tidemill/contract';
import type { OnlineStore, OnlineValues } from '../../../adapters/online/online.ts';
import { type KeyColumn, onlineKey } from './keys.ts';
import { onlineName, ttlMsOf, unpackValues } from './values.ts';

/** What is read of one view, prepared once. */
export interface ViewRead {
  readonly view: FeatureView;
  readonly online: string;
  readonly keys: readonly KeyColumn[];
  readonly ttlUs: number;
  /** Which of the view's features, in which order. */
  readonly positions: readonly number[];
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
  };
}

/** An entity with a null key is nobody; a key that is not there at all is a mistake. */
function keyOf(keys: readonly KeyColumn[], record: Row): string | null {
  for (const { name } of keys) if (record[name] === null) return null;
  return onlineKey(keys, record);
}

/**
 * Values older than their view's ttl at `at` are null and OUTSIDE_MAX_AGE, as a training set has none there.
 * @throws entityKeyMissing, entityKeyInvalid, onlineUnavailable, onlineBusy
 */
export async function readRows(
  store: Pick<OnlineStore, 'read'>,
  reads: readonly ViewRead[],
  records: readonly Row[],
  at: number,
): Promise<ReadRow[]> {
  const keys = reads.map((read) => records.map((record) => keyOf(read.keys, record)));
  const wanted = reads.map(({ online }, i) => ({
    view: online,
    keys: (keys[i] ?? []).filter((key) => key !== null),
  }));
  const found = await store.read(wanted);
  const next = reads.map(() => 0);
  return records.map((_, r) => {
    const row: ReadRow = { values: [], statuses: [], eventTimes: [] };
    for (const [v, read] of reads.entries()) {
      const isKnown = keys[v]?.[r] != null;
      const held = isKnown ? (found[v]?.[(next[v] as number)++] ?? null) : null;
      addTo(row, read, held, at * 1000);
    }
    return row;
  });
}

function addTo(row: ReadRow, read: ViewRead, held: OnlineValues | null, atUs: number): void {
  const isOld = held !== null && atUs - held.eventTime > read.ttlUs;
  const values = held === null || isOld ? null : unpackValues(read.view.features, held.values);
  const eventTime = held === null ? null : Math.floor(held.eventTime / 1000);
  for (const position of read.positions) {
    const value = values?.[position] ?? null;
    row.values.push(value);
    row.eventTimes.push(eventTime);
    row.statuses.push(statusOf(held !== null, isOld, value));
  }
}

function statusOf(isThere: boolean, isOld: boolean, value: unknown): FeatureStatus {
  if (!isThere) return 'NOT_FOUND';
  if (isOld) return 'OUTSIDE_MAX_AGE';
  return value === null ? 'NULL_VALUE' : 'PRESENT';
}
