import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureView } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { OnlineStore } from '../../adapters/online/online.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { formatReference } from '../../base/references.ts';
import { type Bindings, type BoundSql, createBinder, type Datasets } from '../datasets/service.ts';
import { keyColumns, linesSql, newestValuesSql } from './newest-values.ts';
import { keepMsOf, onlineName } from './online-values.ts';
import { writeViewRows } from './view-rows.ts';

export interface MaterializeDependencies {
  readonly changes: Changes;
  readonly clock: Clock;
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

/** Writes the newest values of a view's entities to the online store. */
export function createMaterialize(deps: MaterializeDependencies) {
  const { changes, clock, analytics, online, tempFolder, resolveView } = deps;

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

  /** Through files alone: no row is an object of ours, and the event loop never waits. */
  async function fillOnline(view: FeatureView, bound: BoundSql, folder: string) {
    const values = join(folder, 'values.parquet');
    const given = await writeViewRows(analytics, view, bound, values);
    const lines = join(folder, 'lines');
    await analytics.copyLines({
      sql: linesSql(newestValuesSql(view, keyColumns(view.entity, given.columns), clock.now())),
      tables: { view_: { paths: [values] } },
      to: lines,
    });
    await rm(values);
    const { rows, written, newest } = await online.load(onlineName(view), lines, { keepMs: keepMsOf(view) });
    return { entities: rows, written, newestEventTime: newest === null ? null : Math.floor(newest / 1000) };
  }

  return { materialize };
}
