import { sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import { toMetricRow } from './metric-row.ts';
import type { MetricValue } from './rules.ts';

/** Where a page of a history ended: the key of its last row. */
export type HistoryCursor = readonly [timestamp: number, step: number, value: string, isNan: number];

export const metricStore = (db: Db) => ({
  /** In order of time, step, value. */
  async listPoints(
    runId: string,
    key: string,
    limit: number | undefined,
    after?: HistoryCursor,
  ): Promise<MetricValue[]> {
    let query = db
      .selectFrom('metric_points')
      .select(['recorded_at', 'step', 'value', 'is_nan'])
      .where('series_id', '=', (eb) =>
        eb.selectFrom('run_metrics').select('id').where('run_id', '=', runId).where('key', '=', key),
      )
      .orderBy('recorded_at')
      .orderBy('step')
      .orderBy('value')
      .orderBy('is_nan');
    if (limit !== undefined) query = query.limit(limit);
    if (after) query = query.where(isAfter(after));
    const rows = await query.execute();
    return rows.map((row) => ({
      key,
      value: row.is_nan ? Number.NaN : row.value,
      timestamp: row.recorded_at,
      step: row.step,
    }));
  },
});

const isAfter = ([timestamp, step, value, isNan]: HistoryCursor) => sql<boolean>`
  (recorded_at, step, value, is_nan)
  > (${timestamp}, ${step}, cast(${Number(value)} as double precision), ${isNan})`;

export const toHistoryCursor = (point: MetricValue): HistoryCursor => {
  const { recorded_at, step, value, is_nan } = toMetricRow(point);
  // As text, because JSON has no infinity.
  return [recorded_at, step, String(value), is_nan];
};

export const isHistoryCursor = (value: unknown): value is HistoryCursor =>
  Array.isArray(value) &&
  value.length === 4 &&
  Number.isSafeInteger(value[0]) &&
  Number.isSafeInteger(value[1]) &&
  !Number.isNaN(Number(value[2])) &&
  (value[3] === 0 || value[3] === 1);
