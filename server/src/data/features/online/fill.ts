/** Brings a view's newest values online through files alone: no row is an object of ours, and the event loop never waits. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureView } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import { newId } from '../../../base/ids.ts';
import { writeViewRows } from '../view-rows.ts';
import { createEventFill } from './event-fill.ts';
import { createFillMarks } from './fill-marks.ts';
import { createFillMemory } from './fill-memory.ts';
import type { Filled, FillRequest } from './fill-request.ts';
import { changedSql, keyColumns, linesSql, newestValuesSql, pendingSql, seenSql } from './newest-values.ts';
import { keepMsOf, onlineName } from './values.ts';

export interface OnlineFillDependencies {
  readonly analytics: Analytics;
  readonly online: OnlineStore;
  readonly tempFolder: string;
}

export function createOnlineFill({ analytics, online, tempFolder }: OnlineFillDependencies) {
  const memory = createFillMemory(tempFolder);
  const marks = createFillMarks(online);
  const fillEvents = createEventFill({ analytics, online, memory, marks });

  async function fill(request: FillRequest): Promise<Filled> {
    const folder = join(tempFolder, newId('materialize'));
    await mkdir(folder, { recursive: true });
    try {
      return await fillFrom(request, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function fillFrom(request: FillRequest, folder: string): Promise<Filled> {
    const { view, bound, signal, onProgress } = request;
    onProgress('reading', 0);
    const values = join(folder, 'values.parquet');
    const given = await writeViewRows(analytics, view, bound, values, signal);
    const keys = keyColumns(view.entity, given.columns);
    if (view.aggregations.length > 0) return fillEvents(request, { folder, values, keys });
    const now = request.now();
    const newest = newestValuesSql(view, keys, now);
    const tables = { view_: { paths: [values] } };
    const lines = join(folder, 'lines');
    const ahead = await analytics.query({ sql: pendingSql(view, now), tables, signal });
    onProgress('picking', 0);
    const isPart = request.isIncremental && (await pickChanged(request, newest, { folder, tables, lines }));
    if (!request.isIncremental)
      await analytics.copyLines({ sql: linesSql(newest), tables, to: lines, signal });
    await rm(values);
    await marks.begin(request, isPart);
    const loaded = await online.load(onlineName(view), lines, {
      keepMs: keepMsOf(view),
      signal,
      onProgress: (rows) => onProgress('writing', rows),
    });
    await marks.end(request);
    if (request.isIncremental) await memory.keep(join(folder, 'seen.parquet'), request);
    const { rows, written } = loaded;
    return {
      entities: rows,
      written,
      newestEventTime: loaded.newest === null ? null : Math.floor(loaded.newest / 1000),
      pending: Number(ahead.rows[0]?.n ?? 0),
    };
  }

  interface Files {
    readonly folder: string;
    readonly tables: { readonly view_: { readonly paths: readonly string[] } };
    readonly lines: string;
  }

  /** False where all is to be written. */
  async function pickChanged(
    { view, since, signal }: FillRequest,
    newest: string,
    { folder, tables, lines }: Files,
  ): Promise<boolean> {
    const picked = join(folder, 'newest.parquet');
    await analytics.copy({ sql: newest, tables, to: picked, signal });
    const newest_ = { paths: [picked] };
    await analytics.copy({ sql: seenSql, tables: { newest_ }, to: join(folder, 'seen.parquet'), signal });
    const before = await memory.find(since);
    if (before === null || !(await marks.isLast(view, since))) {
      const sql = linesSql('select * from newest_');
      await analytics.copyLines({ sql, tables: { newest_ }, to: lines, signal });
      return false;
    }
    const seen_ = { paths: [before] };
    await analytics.copyLines({ sql: linesSql(changedSql), tables: { newest_, seen_ }, to: lines, signal });
    return true;
  }

  /** A run that has nothing to write is the next one's last. False where the store does not hold what the last one wrote. */
  async function carry(view: FeatureView, since: string, id: string): Promise<boolean> {
    if (!(await online.mark(onlineName(view), { from: since, to: id }))) return false;
    await memory.carry(since, id);
    return true;
  }

  return { fill, carry };
}
