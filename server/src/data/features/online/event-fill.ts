/** Brings the events of a view with aggregations online: per entity those of its longest window, as one list. */
import { join } from 'node:path';
import type { FeatureView } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import type { EventFile, OnlineStore } from '../../../adapters/online/online.ts';
import { errors } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { parseReference } from '../../../base/references.ts';
import type { Bindings } from '../../datasets/service.ts';
import { streamSql } from '../rules.ts';
import {
  changedEventsSql,
  crowdedSql,
  eventLinesSql,
  eventsSeenSql,
  factsOfEventsSql,
  packedEventsSql,
} from './event-lines.ts';
import type { FillMarks } from './fill-marks.ts';
import type { FillMemory } from './fill-memory.ts';
import type { Filled, FillRequest } from './fill-request.ts';
import type { KeyColumn } from './keys.ts';
import { onlineName } from './values.ts';
import { mostEvents, oldestKept } from './windows.ts';

export interface EventFillDependencies {
  readonly analytics: Analytics;
  readonly online: Pick<OnlineStore, 'loadEvents'>;
  readonly memory: FillMemory;
  readonly marks: FillMarks;
}

interface Given {
  readonly folder: string;
  /** The view's rows. */
  readonly values: string;
  readonly keys: readonly KeyColumn[];
}

export function createEventFill({ analytics, online, memory, marks }: EventFillDependencies) {
  /** What changed in the data is found by a hash of all events: that time passes is no change. */
  return async function fillEvents(request: FillRequest, { folder, values, keys }: Given): Promise<Filled> {
    const { view, signal, onProgress } = request;
    const now = request.now();
    const before = oldestKept(view, now);
    const packed = join(folder, 'packed.parquet');
    onProgress('picking', 0);
    const sql = packedEventsSql(view, keys, { now, before });
    await analytics.copy({ sql, tables: { view_: { paths: [values] } }, to: packed, signal });
    const newest_ = { paths: [packed] };
    await assertRoom(view, packed);
    const earlier = await seenBefore(request);
    const lines = join(folder, 'lines');
    await analytics.copyLines({
      sql: eventLinesSql(earlier === null ? 'select * from newest_' : changedEventsSql),
      tables: { newest_, ...(earlier !== null && { seen_: { paths: [earlier] } }) },
      to: lines,
      signal,
    });
    const file: EventFile = { run: newId('load'), version: versionOf(view, request.bindings), before };
    await marks.begin(request, earlier !== null);
    const loaded = await online.loadEvents(onlineName(view), lines, {
      ...file,
      isWhole: earlier === null,
      signal,
      onProgress: (rows) => onProgress('writing', rows),
    });
    await marks.end(request);
    if (request.isIncremental) {
      const seen = join(folder, 'seen.parquet');
      await analytics.copy({ sql: eventsSeenSql, tables: { newest_ }, to: seen, signal });
      await memory.keep(seen, request);
    }
    const { rows } = await analytics.query({ sql: factsOfEventsSql, tables: { newest_ }, signal });
    const newest = rows[0]?.newest ?? null;
    return {
      entities: loaded.rows,
      written: loaded.written,
      newestEventTime: newest === null ? null : Math.floor(Number(newest) / 1000),
      // Events that lie ahead are brought online, too: they count when it is time.
      pending: 0,
    };
  };

  /** Null: all is written. A push may be no row of a view whose SQL does more than read its stream, so nothing says what changed. */
  async function seenBefore({ view, since, isIncremental }: FillRequest): Promise<string | null> {
    const isPlain = view.stream === null || view.sql === streamSql(view.stream);
    return isIncremental && isPlain && (await marks.isLast(view, since)) ? memory.find(since) : null;
  }

  async function assertRoom(view: FeatureView, packed: string): Promise<void> {
    const { rows } = await analytics.query({
      sql: crowdedSql(mostEvents),
      tables: { newest_: { paths: [packed] } },
    });
    const [crowded] = rows;
    if (!crowded) return;
    const { tm__key, tm__count } = crowded;
    throw errors.onlineEventsTooMany({
      view: view.reference,
      entity: String(tm__key),
      events: Number(tm__count),
      limit: mostEvents,
    });
  }
}

/** Which version of the view's stream was read; 0 where it has none. */
function versionOf({ stream }: FeatureView, bindings: Bindings): number {
  const read = stream === null ? undefined : bindings[stream.dataset];
  return read === undefined ? 0 : Number(parseReference(read).version);
}
