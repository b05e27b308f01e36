import type { FeatureService, FeatureStatus, FeatureView, OnlineStatus, Row } from '@tidemill/contract';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors } from '../../../base/errors.ts';
import { formatReference } from '../../../base/references.ts';
import {
  type ReadRow,
  type ReadTexts,
  type ReadTimes,
  readRows,
  readTexts,
  toViewRead,
  type ViewRead,
} from './read.ts';
import { createRecent } from './recent.ts';
import { readService, type ServiceRead, toServiceRead } from './service-reads.ts';

export interface OnlineLookupDependencies {
  readonly online: OnlineStore;
  readonly clock: Clock;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
  resolveService(reference: string, workspace: string): Promise<FeatureService>;
}

export interface Found {
  /** Milliseconds. */
  readonly eventTime: number;
  readonly values: Row;
}

/** What another server defines is seen by look-ups within this time. */
const keptMs = 1_000;
const keptDefinitions = 1_000;

/** Reads online values by entity key. */
export function createOnlineLookup({ online, clock, resolveView, resolveService }: OnlineLookupDependencies) {
  const views = createRecent<ViewRead>(keptMs, keptDefinitions);
  const services = createRecent<ServiceRead>(keptMs, keptDefinitions);

  const viewRead = (reference: string, workspace: string): Promise<ViewRead> =>
    views.get(`${workspace}/${reference}`, async () => toViewRead(await resolveView(reference, workspace)));
  const serviceRead = (reference: string, workspace: string): Promise<ServiceRead> =>
    services.get(`${workspace}/${reference}`, async () =>
      toServiceRead(await resolveService(reference, workspace), resolveView),
    );

  function timesAt(at?: number): ReadTimes {
    const now = clock.now();
    return { at: at ?? now, now };
  }

  /** For the prediction path: nothing but the online store. A value's age is the caller's to judge (`eventTime`). */
  async function readOnline(view: FeatureView, records: readonly Row[]): Promise<(Found | null)[]> {
    const read = { ...toViewRead(view), ttlUs: Number.POSITIVE_INFINITY };
    const { now } = timesAt();
    const rows = await readRows(online, [read], records, { at: 0, now });
    return rows.map(({ values, statuses, eventTimes }) => {
      // Without events windows have values, too: they were empty until now.
      const eventTime = eventTimes[0] ?? (read.windows === null ? null : now);
      if ((statuses[0] === 'NOT_FOUND' && read.windows === null) || eventTime === null) return null;
      return {
        eventTime,
        values: Object.fromEntries(view.features.map(({ name }, i) => [name, values[i] ?? null])),
      };
    });
  }

  return {
    readOnline,
    viewRead,
    serviceRead,

    /** For predictions and the doors of others: views and services that were made ready. */
    readViews: (reads: readonly ViewRead[], records: readonly Row[], at: number): Promise<ReadRow[]> =>
      readRows(online, reads, records, timesAt(at)),
    readTexts: (reads: readonly ViewRead[], records: readonly Row[], at: number): Promise<ReadTexts[][]> =>
      readTexts(online, reads, records, timesAt(at)),
    readService: (read: ServiceRead, records: readonly Row[], at: number): Promise<ReadRow[]> =>
      readService(online, read, records, timesAt(at)),
    prepareService: async (reference: string, workspace: string): Promise<ServiceRead> =>
      toServiceRead(await resolveService(reference, workspace), resolveView),

    async lookup(input: { name: string; version: string; entities: Row[] }, caller: Caller) {
      const read = await viewRead(formatReference(input.name, input.version), caller.workspace);
      const rows = await readRows(online, [read], input.entities, timesAt());
      return { rows: rows.map((row) => toNamed(read, row)) };
    },

    async lookupService(
      input: { name: string; version: string; entities: Row[]; request?: Row[] },
      caller: Caller,
    ) {
      const read = await serviceRead(formatReference(input.name, input.version), caller.workspace);
      const records = withRequest(input.entities, input.request ?? []);
      const rows = await readService(online, read, records, timesAt());
      return { service: read.service.reference, features: [...read.features], rows };
    },

    forget(): void {
      views.clear();
      services.clear();
    },

    onlineStatus: (): OnlineStatus => online.describe(),
  };
}

export type OnlineLookup = ReturnType<typeof createOnlineLookup>;

/** Of a view with windows an entity without events has values, too; null is who has none. */
function toNamed(
  { view, windows }: ViewRead,
  { values, statuses, eventTimes }: ReadRow,
): { eventTime: number | null; values: Row; statuses: Record<string, FeatureStatus> } | null {
  const eventTime = eventTimes[0] ?? null;
  if (eventTime === null && (windows === null || values.every((value) => value === null))) return null;
  const names = view.features.map(({ name }) => name);
  const named: Row = {};
  const said: Record<string, FeatureStatus> = {};
  for (const [i, name] of names.entries()) {
    named[name] = values[i];
    said[name] = statuses[i] as FeatureStatus;
  }
  return { eventTime, values: named, statuses: said };
}

/** One row of fields per entity, or one for all. @throws requestInvalid */
function withRequest(entities: readonly Row[], request: readonly Row[]): readonly Row[] {
  if (request.length === 0) return entities;
  if (request.length !== 1 && request.length !== entities.length)
    throw errors.requestInvalid({
      where: 'body',
      problems: `request has ${request.length} rows for ${entities.length} entities; give one for each, or one for all`,
    });
  return entities.map((entity, i) => ({ ...entity, ...(request.length === 1 ? request[0] : request[i]) }));
}
