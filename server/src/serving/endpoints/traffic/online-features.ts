/** The features of records that their variant takes from the online store. */
import type { FeatureStatus, FeatureView, Row } from '@tidemill/contract';
import { durationMs } from '../../../base/duration.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import type { ServiceRead } from '../../../data/features/service.ts';
import { problemOf } from '../reading/model-input.ts';
import type { LiveVariant } from './live-endpoint.ts';

/** What is asked of a request, and as of when. */
interface Asked {
  readonly records: readonly Row[];
  readonly eventTime: number;
}

export interface OnlineFeatures {
  /** Canonical key of the entity a record names; throws when a column is missing. */
  readonly entityKey: (columns: string[], record: Row, index: number) => string;
  readonly readOnline: (
    view: FeatureView,
    records: Row[],
  ) => Promise<readonly ({ readonly eventTime: number; readonly values: Record<string, unknown> } | null)[]>;
  /** All features of a service, those on demand included, in one round trip. */
  readonly readService: (
    read: ServiceRead,
    records: Row[],
    at: number,
  ) => Promise<
    readonly {
      readonly values: unknown[];
      readonly statuses: FeatureStatus[];
      readonly eventTimes: (number | null)[];
    }[]
  >;
}

/** Parallel to the features of the service. */
export interface UsedFeatures {
  readonly service: string;
  readonly values: readonly unknown[];
  readonly statuses: readonly FeatureStatus[];
  readonly eventTimes: readonly (number | null)[];
}

interface Lookup {
  readonly rows: readonly (Row | null)[];
  readonly reasons: readonly (string | null)[];
  readonly used: readonly (UsedFeatures | null)[] | null;
}

/** Null where the record carries the features. @throws entityKeyMissing, entityKeyInvalid */
export async function lookUp(
  online: OnlineFeatures,
  question: Asked,
  { view, service }: LiveVariant,
  indices: readonly number[],
): Promise<Lookup | null> {
  if (service) return readService(online, question, service, indices);
  return view ? readView(online, question, view, indices) : null;
}

/** Online values of a view over the record; a record whose entity has none gets a reason instead. */
async function readView(
  { entityKey, readOnline }: OnlineFeatures,
  { records, eventTime }: Asked,
  view: FeatureView,
  indices: readonly number[],
): Promise<Lookup> {
  const keys = indices.map((index) => entityKey(view.entity, records[index] ?? {}, index));
  try {
    const found = await readOnline(
      view,
      indices.map((index) => records[index] ?? {}),
    );
    const ttlMs = view.ttl === null ? Number.POSITIVE_INFINITY : durationMs(view.ttl);
    const reasons = keys.map((key, i) => staleness(view, ttlMs, key, found[i] ?? null, eventTime));
    const rows = indices.map((index, i) =>
      reasons[i] === null ? { ...records[index], ...found[i]?.values } : null,
    );
    return { rows, reasons, used: null };
  } catch (error) {
    return unread(`view ${view.reference}`, error, indices);
  }
}

function staleness(
  view: FeatureView,
  ttlMs: number,
  key: string,
  found: { readonly eventTime: number } | null,
  eventTime: number,
): string | null {
  if (!found) return `view ${view.reference} has no online values for ${key}`;
  if (view.ttl === null || eventTime - found.eventTime <= ttlMs) return null;
  return `the online values of ${key} in view ${view.reference} are older than ${view.ttl}`;
}

/** A missing value is missing to the model: which one, and why, is the reason then. */
async function readService(
  online: OnlineFeatures,
  { records, eventTime }: Asked,
  read: ServiceRead,
  indices: readonly number[],
): Promise<Lookup> {
  const service = read.service.reference;
  try {
    const asked = indices.map((index) => records[index] ?? {});
    const found = await online.readService(read, asked, eventTime);
    const rows = found.map(({ values }, i) => {
      const row: Row = { ...asked[i] };
      for (const [f, name] of read.features.entries()) row[name] = values[f];
      return row;
    });
    return { rows, reasons: indices.map(() => null), used: found.map((row) => ({ service, ...row })) };
  } catch (error) {
    return unread(`service ${service}`, error, indices);
  }
}

/** @throws what the caller sent wrong: a key that is missing, or of the wrong type */
function unread(what: string, error: unknown, indices: readonly number[]): Lookup {
  if (error instanceof TidemillError && error.status < 500) throw renumbered(error, indices);
  const reason = `${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  return { rows: indices.map(() => null), reasons: indices.map(() => reason), used: null };
}

/** The look-up knows the records of one variant only, the caller all of them. */
function renumbered(error: TidemillError, indices: readonly number[]): TidemillError {
  const { code, details } = error;
  if (code !== 'entityKeyMissing' && code !== 'entityKeyInvalid') return error;
  const { column, value, expected, record } = details as Parameters<typeof errors.entityKeyInvalid>[0];
  return errors[code]({ column, value, expected, record: indices[record] ?? record });
}

export function onlineProblem(
  { view, service }: LiveVariant,
  name: string,
  source: Row,
  used: UsedFeatures | null | undefined,
): string {
  const position = service?.features.indexOf(name) ?? -1;
  const status = used?.statuses[position];
  const why = status === undefined || status === 'PRESENT' ? problemOf(source[name]) : status;
  const origin = service ? `service ${service.service.reference}` : `view ${view?.reference ?? ''}`;
  return `${origin} lacks '${name}': ${why}`;
}

/** Whether online features, and not the model, were the cause. */
export const isAboutFeatures = (reason: string): boolean => /^(?:view|service) /.test(reason);
