import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureView } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Analytics, QueryReply } from '../../adapters/analytics/analytics.ts';
import type { OnlineStore } from '../../adapters/online/online.ts';
import type { Caller } from '../../base/caller.ts';
import { newId } from '../../base/ids.ts';
import { formatReference } from '../../base/references.ts';
import { type Bindings, type BoundSql, createBinder, type Datasets } from '../datasets/service.ts';
import { newestRowsSql } from './point-in-time-join.ts';
import { entityKey, featuresOf, onlineName } from './rules.ts';

export interface MaterializeDependencies {
  readonly changes: Changes;
  readonly analytics: Analytics;
  readonly online: OnlineStore;
  readonly datasets: Datasets;
  readonly tempFolder: string;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
}

interface Materialized {
  view: string;
  entities: number;
  written: number;
  newestEventTime: number | null;
  bindings: Record<string, string>;
}

/** Rows held as objects at once while the online store is filled. */
const slice = 5_000;

/** Writes the newest values of a view's entities to the online store. */
export function createMaterialize(deps: MaterializeDependencies) {
  const { changes, analytics, online, tempFolder, resolveView } = deps;

  async function materialize(
    input: { name: string; version: string; bindings?: Bindings },
    caller: Caller,
  ): Promise<Materialized> {
    const view = await resolveView(formatReference(input.name, input.version), caller.workspace);
    const binder = createBinder(deps, caller.workspace, input.bindings);
    const bound = await binder.bind(view.reference, view.sql);
    const bindings = binder.resolved();
    const folder = join(tempFolder, newId('materialize'));
    await mkdir(folder, { recursive: true });
    try {
      const counts = await fillOnline(view, bound, folder);
      const reply: Materialized = { view: view.reference, ...counts, bindings };
      await changes.run(caller, async (_tx, note) =>
        note({ action: 'features.materialized', subject: view.uri, detail: { ...reply } }),
      );
      return reply;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function fillOnline(view: FeatureView, bound: BoundSql, folder: string) {
    const values = join(folder, 'values.parquet');
    const names = view.features.map((feature) => feature.name);
    const given = await analytics.sandboxedCopy({ ...bound, to: values });
    featuresOf(view.reference, view, [...given.columns]);
    const counts = { entities: 0, written: 0, newestEventTime: null as number | null };
    for await (const page of newestRows(newestRowsSql(view, names), values, join(folder, 'newest.parquet'))) {
      const rows = page.map((row) => ({
        key: entityKey(view.entity, row),
        eventTime: Number(row.tm__event_ms),
        values: Object.fromEntries(names.map((name) => [name, row[name] ?? null])),
      }));
      counts.entities += rows.length;
      counts.written += (await online.write(onlineName(view), rows)).written;
      for (const { eventTime } of rows)
        counts.newestEventTime = Math.max(counts.newestEventTime ?? eventTime, eventTime);
    }
    return counts;
  }

  /** Few entities come straight from the query; more than one slice goes through a file, so that none is held whole. */
  async function* newestRows(
    sql: string,
    values: string,
    newest: string,
  ): AsyncGenerator<QueryReply['rows']> {
    const first = await analytics.query({ sql, tables: { view_: { paths: [values] } }, maxRows: slice });
    if (!first.truncated) return yield first.rows;
    const { rows } = await analytics.copy({ sql, tables: { view_: { paths: [values] } }, to: newest });
    for (let start = 0; start < rows; start += slice) {
      const page = await analytics.query({
        sql: `select * from newest_ limit ${slice} offset ${start}`,
        tables: { newest_: { paths: [newest] } },
      });
      yield page.rows;
    }
  }

  return { materialize };
}
