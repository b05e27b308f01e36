import type { RunStatus } from '@tidemill/contract';
import { sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import type { KeyValue } from '../../base/key-value.ts';
import type { MetricValue, RunRecord } from './rules.ts';

/** What a run looks like from afar: whether a closer look is worth its while. */
export interface Glance extends Pick<RunRecord, 'id' | 'name' | 'status' | 'lifecycle' | 'endedAt'> {
  /** Another text as soon as a series is new or its latest point has moved. */
  readonly metricsMark: string;
}

export const watchStore = (db: Db) => ({
  /**
   * One question for all runs that are watched. A series' latest point only ever moves on, so these sums change with it;
   * they are taken from now on, and of bearable values, to stay within what a double holds exactly.
   */
  async glance(ids: readonly string[]): Promise<Glance[]> {
    const { rows } = await sql<GlanceRow>`
      select runs.id, runs.name, runs.status, runs.ended_at, runs.deleted_at,
        latest.series, latest.steps, latest.times, latest.total, latest.nans
      from runs left join (
        select run_id, count(*) as series,
          sum(cast(step as double precision)) as steps,
          sum(cast(recorded_at - 1750000000000 as double precision)) as times,
          sum(case when abs(value) < 1e200 then value else 0 end) as total,
          sum(is_nan) as nans
        from run_metrics where run_id in (${sql.join(ids)}) group by run_id
      ) as latest on latest.run_id = runs.id
      where runs.id in (${sql.join(ids)})`.execute(db);
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      status: row.status as RunStatus,
      lifecycle: row.deleted_at === null ? 'active' : 'deleted',
      endedAt: row.ended_at,
      metricsMark: [row.series, row.steps, row.times, row.total, row.nans].join(),
    }));
  },

  async listLatest(ids: readonly string[]): Promise<(MetricValue & { readonly runId: string })[]> {
    if (ids.length === 0) return [];
    const rows = await db
      .selectFrom('run_metrics')
      .select(['run_id', 'key', 'value', 'is_nan', 'recorded_at', 'step'])
      .where('run_id', 'in', ids)
      .execute();
    return rows.map((row) => ({
      runId: row.run_id,
      key: row.key,
      value: row.is_nan ? Number.NaN : row.value,
      timestamp: row.recorded_at,
      step: row.step,
    }));
  },

  async listTags(ids: readonly string[]): Promise<(KeyValue & { readonly runId: string })[]> {
    const rows = await db
      .selectFrom('run_tags')
      .select(['run_id', 'key', 'value'])
      .where('run_id', 'in', ids)
      .execute();
    return rows.map(({ run_id, key, value }) => ({ runId: run_id, key, value }));
  },
});

interface GlanceRow {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly ended_at: number | null;
  readonly deleted_at: number | null;
  readonly series: number | null;
  readonly steps: number | null;
  readonly times: number | null;
  readonly total: number | null;
  readonly nans: number | null;
}
