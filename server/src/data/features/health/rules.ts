import type { FeatureView, Freshness, MismatchCause } from '@tidemill/contract';
import { durationMs, formatDuration } from '../../../base/duration.ts';
import { parseMicroseconds } from '../online/instants.ts';
import { unpackValues } from '../online/values.ts';

/** A row of an entity: event time in microseconds, values as the online store spells them. */
export interface HeldRow {
  readonly eventTime: number;
  readonly values: string;
}

/** What is known of one entity at one instant. */
export interface Compared {
  readonly key: string;
  readonly online: HeldRow | null;
  /** Whatever its age. */
  readonly offline: HeldRow | null;
  /** Whether a training set would have it, not too old by the ttl. */
  readonly isServedOffline: boolean;
  readonly isServedOnline: boolean;
}

export interface Difference {
  /** Null: the row as a whole. */
  readonly feature: string | null;
  readonly online: unknown;
  readonly offline: unknown;
  readonly isTtl: boolean;
}

export type Comparison =
  | { readonly kind: 'same' }
  /** Online of a later event than offline knows: nothing to hold it against. */
  | { readonly kind: 'ahead' }
  | { readonly kind: 'different'; readonly differences: readonly Difference[] };

const same: Comparison = { kind: 'same' };

type ComparedFeatures = FeatureView['features'];

/** Values must be equal to the last bit. */
export function compare(features: ComparedFeatures, found: Compared): Comparison {
  const { online, offline } = found;
  if (online !== null && (offline === null || online.eventTime > offline.eventTime)) return { kind: 'ahead' };
  const isUsed = found.isServedOffline || found.isServedOnline;
  if (online === null || offline === null || online.eventTime < offline.eventTime) {
    if (!isUsed) return same;
    const whole = { feature: null, online: rowOf(features, online), offline: rowOf(features, offline) };
    return { kind: 'different', differences: [{ ...whole, isTtl: false }] };
  }
  if (found.isServedOnline !== found.isServedOffline)
    return {
      kind: 'different',
      differences: [
        { feature: null, online: found.isServedOnline, offline: found.isServedOffline, isTtl: true },
      ],
    };
  if (online.values === offline.values) return same;
  const differences = differencesOf(features, online.values, offline.values);
  return differences.length === 0 ? same : { kind: 'different', differences };
}

const rowOf = (features: ComparedFeatures, row: HeldRow | null): unknown => {
  if (row === null) return null;
  const values = unpackValues(features, row.values);
  return Object.fromEntries(features.map(({ name }, i) => [name, values[i] ?? null]));
};

function differencesOf(features: ComparedFeatures, online: string, offline: string): Difference[] {
  const [ours, theirs] = [unpackValues(features, online), unpackValues(features, offline)];
  return features.flatMap((feature, i) => {
    const [a, b] = [ours[i] ?? null, theirs[i] ?? null];
    return isEqual(a, b, feature) ? [] : [{ feature: feature.name, online: a, offline: b, isTtl: false }];
  });
}

/** A pushed time may be written in another way than ours. */
function isEqual(a: unknown, b: unknown, { type }: ComparedFeatures[number]): boolean {
  if (a === b) return true;
  if (type === 'timestamp' && typeof a === 'string' && typeof b === 'string')
    return parseMicroseconds(a) === parseMicroseconds(b);
  // `distinct` and the last k values are lists.
  return typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b);
}

/** What is known of how a view got online, to say why it differs. */
export interface OnlineHistory {
  readonly isMaterialized: boolean;
  /** `prices@7`: the first dataset version that the last materialization did not read; null when it read the newest. */
  readonly missedVersion: string | null;
  /** Offline as the last materialization saw it. */
  past(key: string): HeldRow | null;
  readonly isPushed: boolean;
  /** Its SQL reads a clock, or chance. */
  readonly isRepeatable: boolean;
}

export interface Cause {
  readonly cause: MismatchCause;
  /** Nothing is wrong: offline has gone on. */
  readonly isBehind: boolean;
  readonly text: string;
}

export function causeOf(
  features: ComparedFeatures,
  { key, online }: Compared,
  { isTtl }: Pick<Difference, 'isTtl'>,
  history: OnlineHistory,
): Cause {
  const because = (cause: MismatchCause, text: string, isBehind = false) => ({ cause, isBehind, text });
  if (isTtl) return because('ttl', 'one of the two takes it for too old');
  const since = history.missedVersion;
  const behind =
    since === null
      ? 'not materialized since a row became known: run tidemill features materialize'
      : `not materialized since ${since}: run tidemill features materialize`;
  if (!history.isMaterialized)
    return online === null
      ? because('not-materialized', 'never materialized', true)
      : because('pushed', 'pushed online, never materialized', true);
  const past = history.past(key);
  if (online !== null && past !== null && isSameRow(features, online, past))
    return because('not-materialized', behind, true);
  if (online === null && past === null) return because('not-materialized', behind, true);
  if (online !== null && history.isPushed && (past === null || online.eventTime > past.eventTime))
    return because('pushed', `pushed online only; offline has gone on (${behind})`, true);
  if (!history.isRepeatable)
    return because('not-repeatable', 'its SQL reads a clock or chance, so it gives another value each time');
  if (online === null)
    return because('unknown', 'it was materialized and is not in the online store any more');
  return because('unknown', 'no materialization wrote this: something else did, or the store was changed');
}

const isSameRow = (features: ComparedFeatures, a: HeldRow, b: HeldRow): boolean =>
  a.eventTime === b.eventTime &&
  (a.values === b.values || differencesOf(features, a.values, b.values).length === 0);

/** What gives something else at another time may give it for the same versions. */
export const isRepeatable = (sql: string): boolean =>
  !/\b(now|today|current_\w+|random|uuid|get_current\w*)\s*(\(|\b)/i.test(sql);

export interface FreshnessFacts {
  readonly objective: string | null;
  readonly now: number;
  /** Milliseconds; null where there is no row. */
  readonly online: number | null;
  readonly offline: number | null;
  readonly isOnline: boolean;
  readonly createdAt: number;
  readonly missedVersion: string | null;
  readonly versions: readonly string[];
}

/** Two units say enough: `3d 4h`. */
export function shownAge(ms: number): string {
  const parts: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ];
  const first = parts.findIndex(([size]) => ms >= size);
  if (first < 0) return `${Math.max(0, Math.round(ms))} ms`;
  const [[size, unit], next] = [parts[first] as [number, string], parts[first + 1]];
  const rest = next ? Math.floor((ms % size) / next[0]) : 0;
  return `${Math.floor(ms / size)}${unit}${rest > 0 && next ? ` ${rest}${next[1]}` : ''}`;
}

export function freshnessOf(facts: FreshnessFacts): Freshness {
  const { objective, now, online, offline, isOnline } = facts;
  const newest = (time: number | null) =>
    time === null ? null : { eventTime: time, ageMs: Math.max(0, Math.round(now - time)) };
  const shown = { objective, online: newest(online), offline: newest(offline) };
  const served = isOnline ? online : offline;
  const where = isOnline ? 'online' : 'offline';
  // A view that has no row yet is given its objective's time to get one.
  const age = now - (served ?? facts.createdAt);
  const said =
    served === null ? `there is no row ${where} yet` : `the newest event ${where} is ${shownAge(age)} old`;
  if (objective === null) return { ...shown, met: null, text: `${said}; it has no freshness objective` };
  const limit = durationMs(objective);
  if (age <= limit)
    return { ...shown, met: true, text: `${said}; its objective is ${formatDuration(limit)}` };
  return {
    ...shown,
    met: false,
    text: `${said}, its objective is ${formatDuration(limit)}: ${staleBecause(facts)}`,
  };
}

function staleBecause({ online, offline, isOnline, now, missedVersion, versions }: FreshnessFacts): string {
  const read = versions.join(', ') || 'its SQL';
  if (isOnline && offline !== null && (online === null || offline > online)) {
    const since = missedVersion === null ? '' : ` since ${missedVersion}`;
    return `not materialized${since}; ${read} has an event ${shownAge(now - offline)} old`;
  }
  return `no newer event has come into ${read}`;
}
