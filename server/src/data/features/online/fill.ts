/** Brings a view's newest values online through files alone: no row is an object of ours, and the event loop never waits. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureView } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import { newId } from '../../../base/ids.ts';
import type { BoundSql } from '../../datasets/service.ts';
import { writeViewRows } from '../view-rows.ts';
import { changedSql, keyColumns, linesSql, newestValuesSql, pendingSql, seenSql } from './newest-values.ts';
import { keepMsOf, onlineName } from './values.ts';

export interface OnlineFillDependencies {
  readonly analytics: Analytics;
  readonly online: OnlineStore;
  readonly tempFolder: string;
}

export interface FillRequest {
  readonly view: FeatureView;
  readonly bound: BoundSql;
  /** Asked when the view's rows are there: its SQL may have read the clock. */
  readonly now: () => number;
  /** Only what differs from this run, if what it wrote is still known here. */
  readonly since: string | null;
  /** Under this name what is written now will be known. */
  readonly id: string;
  readonly isIncremental: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string, rows: number) => void;
}

export interface Filled {
  readonly entities: number;
  readonly written: number;
  readonly newestEventTime: number | null;
  /** Rows whose event, or whose becoming known, lies ahead. */
  readonly pending: number;
}

/** What was written is remembered as key, time and a hash of the values; it can be made again, by writing all. */
const rememberedViews = 200;

export function createOnlineFill({ analytics, online, tempFolder }: OnlineFillDependencies) {
  const memory = join(tempFolder, '..', 'cache', 'online');
  const remembered = (id: string): string => join(memory, `${id}.parquet`);

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
    const now = request.now();
    const newest = newestValuesSql(view, keyColumns(view.entity, given.columns), now);
    const tables = { view_: { paths: [values] } };
    const lines = join(folder, 'lines');
    const ahead = await analytics.query({ sql: pendingSql(view, now), tables, signal });
    onProgress('picking', 0);
    if (request.isIncremental) await pickChanged(request, newest, { folder, tables, lines });
    else await analytics.copyLines({ sql: linesSql(newest), tables, to: lines, signal });
    await rm(values);
    const loaded = await online.load(onlineName(view), lines, {
      keepMs: keepMsOf(view),
      signal,
      onProgress: (rows) => onProgress('writing', rows),
    });
    if (request.isIncremental) await remember(join(folder, 'seen.parquet'), request);
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

  async function pickChanged(
    { since, signal }: FillRequest,
    newest: string,
    { folder, tables, lines }: Files,
  ): Promise<void> {
    const picked = join(folder, 'newest.parquet');
    await analytics.copy({ sql: newest, tables, to: picked, signal });
    const newest_ = { paths: [picked] };
    await analytics.copy({ sql: seenSql, tables: { newest_ }, to: join(folder, 'seen.parquet'), signal });
    const before = since === null ? null : remembered(since);
    if (before === null || !(await isThere(before)))
      return analytics.copyLines({
        sql: linesSql('select * from newest_'),
        tables: { newest_ },
        to: lines,
        signal,
      });
    const seen_ = { paths: [before] };
    await analytics.copyLines({ sql: linesSql(changedSql), tables: { newest_, seen_ }, to: lines, signal });
  }

  /** Only what is complete gets the name under which it is looked for. */
  async function remember(path: string, { id, since }: FillRequest): Promise<void> {
    await mkdir(memory, { recursive: true });
    await rename(path, remembered(id));
    if (since !== null) await rm(remembered(since), { force: true });
    const names = (await readdir(memory)).sort();
    for (const name of names.slice(0, -rememberedViews)) await rm(join(memory, name), { force: true });
  }

  /** A run that had nothing to write is the next one's last. */
  const carry = (since: string, id: string): Promise<void> =>
    rename(remembered(since), remembered(id)).catch(() => undefined);

  return { fill, carry };
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
