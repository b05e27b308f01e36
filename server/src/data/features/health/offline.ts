/** What a view says offline, measured through files: no row of the view is an object of ours. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureView } from '@tidemill/contract';
import type {
  Analytics,
  QueryReply,
  SealedEngine,
  TableSource,
} from '../../../adapters/analytics/analytics.ts';
import { newId } from '../../../base/ids.ts';
import type { BoundSql } from '../../datasets/service.ts';
import type { KeyColumn } from '../online/keys.ts';
import { keyColumns } from '../online/newest-values.ts';
import { ttlMsOf } from '../online/values.ts';
import { joinView } from '../view-join.ts';
import { writeViewRows } from '../view-rows.ts';
import { joinWindows } from '../window-join.ts';
import { newestSql } from './drift.ts';
import {
  answerColumns,
  chosenSql,
  factsSql,
  offlineAnswerSql,
  ofSampledSql,
  sampleSql,
} from './offline-sql.ts';
import type { HeldRow } from './rules.ts';

export interface OfflineDependencies {
  readonly analytics: Analytics;
  readonly tempFolder: string;
}

export interface OfflineFacts {
  readonly rows: number;
  readonly entities: number;
  readonly pending: number;
  /** Milliseconds. */
  readonly newest: number | null;
  /** Parallel to the view's features; of windows, which are no columns of the rows, null. */
  readonly nulls: readonly number[] | null;
}

/** One entity of a sample. */
export interface Sampled {
  readonly key: string;
  /** Whatever its age. */
  readonly row: HeldRow | null;
  readonly isServed: boolean;
}

/** A view's rows in a file, for as long as `work` takes. */
export interface OfflineRows {
  readonly table: TableSource;
  facts(now: number): Promise<OfflineFacts>;
  sample(request: { now: number; size: number; seed: number }): Promise<Sampled[]>;
  /** These entities at another instant. */
  of(keys: readonly string[], now: number): Promise<Sampled[]>;
  /** Some features of the newest known rows, so many, or of those before. */
  part(part: 'newest' | 'earlier', request: PartRequest): Promise<TableSource>;
}

export interface PartRequest {
  readonly features: FeatureView['features'];
  readonly window: number;
  readonly now: number;
}

export function createOffline({ analytics, tempFolder }: OfflineDependencies) {
  async function withRows<T>(
    view: FeatureView,
    bound: BoundSql,
    work: (rows: OfflineRows) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const folder = join(tempFolder, newId('health'));
    await mkdir(folder, { recursive: true });
    try {
      const path = join(folder, 'values.parquet');
      const { columns } = await writeViewRows(analytics, view, bound, path, signal);
      return await work(rowsIn(view, keyColumns(view.entity, columns), folder, { paths: [path] }, signal));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  function rowsIn(
    view: FeatureView,
    keys: readonly KeyColumn[],
    folder: string,
    view_: TableSource,
    signal?: AbortSignal,
  ): OfflineRows {
    const common = { ...(signal && { signal }) };
    const isWindowed = view.aggregations.length > 0;
    let made = 0;

    async function answers(sql: string, parameters?: readonly [readonly string[]]): Promise<Sampled[]> {
      const [chosen, few] = [join(folder, `rows-${++made}.parquet`), join(folder, `few-${made}.parquet`)];
      await analytics.copy({
        sql,
        tables: { view_ },
        to: chosen,
        ...(parameters && { parameters }),
        ...common,
      });
      const rows_ = { paths: [chosen] };
      await analytics.copy({ sql: ofSampledSql(view), tables: { view_, rows_ }, to: few, ...common });
      const tables = { _few: { paths: [few] }, _chosen: rows_ };
      const { rows } = await analytics.sealed({ tables, signal }, (engine) => joined(view, engine));
      return rows.map(({ tm__key, event, served, packed }) => ({
        key: String(tm__key),
        row: event === null ? null : { eventTime: Number(event), values: String(packed) },
        isServed: served !== null,
      }));
    }

    return {
      table: view_,
      async facts(now) {
        const columns = isWindowed ? [] : view.features;
        const { rows } = await analytics.query({
          ...{ sql: factsSql({ ...view, features: columns }, now), tables: { view_ }, ...common },
        });
        const found = rows[0] ?? {};
        return {
          rows: Number(found.rows),
          entities: Number(found.entities),
          pending: Number(found.pending),
          newest: found.newest == null ? null : Math.floor(Number(found.newest) / 1000),
          nulls: isWindowed ? null : view.features.map((_, i) => Number(found[`null${i}`])),
        };
      },
      sample: (request) => answers(sampleSql(view, keys, request)),
      of: (chosen, now) => answers(chosenSql(view, keys, now), [chosen]),
      async part(part, { features, window, now }) {
        const to = join(folder, `${part}-${++made}.parquet`);
        const sql = newestSql({ ...view, features }, now, window, part);
        await analytics.copy({ sql, tables: { view_ }, to, ...common });
        return { paths: [to] };
      },
    };
  }

  return { withRows };
}

/** What a training set would hold for the chosen rows, by its own join: once whatever its age, once with the ttl. */
async function joined(view: FeatureView, engine: SealedEngine): Promise<QueryReply> {
  await engine.run('create temp table _rows as select * from _chosen');
  const { entity: keys, eventTime, createdTime, features } = view;
  const { event, served, feature } = answerColumns;
  const rules = { bitemporal: true, asOf: null };
  const common = { keys, eventTime, createdTime };
  const newest = [{ name: eventTime, as: event }];
  const values = features.map(({ name }, i) => ({ name, as: feature(i) }));
  const select = await engine.select('select * from _few');
  const { aggregations, inputs } = view;
  const isWindowed = aggregations.length > 0;
  const all = isWindowed ? newest : [...newest, ...values];
  await joinView(engine, { ...common, ttlMs: null, features: all }, select, rules);
  if (isWindowed)
    await joinWindows(engine, { ...common, aggregations, inputs, features: values }, select, rules);
  const one = [{ name: eventTime, as: served }];
  await joinView(engine, { ...common, ttlMs: ttlMsOf(view), features: one }, select, rules);
  return engine.query(offlineAnswerSql(view));
}

export type Offline = ReturnType<typeof createOffline>;

/** The entity of a spelled key, as a look-up would name it. */
export const entityOf = (view: Pick<FeatureView, 'entity'>, key: string): Record<string, unknown> => {
  const values = JSON.parse(key) as unknown[];
  return Object.fromEntries(view.entity.map((name, i) => [name, values[i] ?? null]));
};
