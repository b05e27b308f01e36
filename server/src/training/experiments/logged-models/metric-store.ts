import { sql } from 'kysely';
import { type Db, toBatches } from '../../../adapters/db/db.ts';
import { toMetricRow } from '../metric-row.ts';
import { inPortions } from '../portions.ts';
import { latestBySeries } from '../rules.ts';
import type { MeasuredMetric } from './rules.ts';

type Series = Pick<MeasuredMetric, 'modelId' | 'runId' | 'key' | 'datasetName' | 'datasetDigest'>;

/** Where a page of points ended: the key of its last row. The value is text, as JSON has no infinity. */
export type PointCursor = readonly [
  series: number,
  timestamp: number,
  step: number,
  value: string,
  isNan: number,
];

export const toPointCursor = (point: MeasuredMetric & { readonly series: number }): PointCursor => {
  const { recorded_at, step, value, is_nan } = toMetricRow(point);
  return [point.series, recorded_at, step, String(value), is_nan];
};

export const isPointCursor = (value: unknown): value is PointCursor =>
  Array.isArray(value) &&
  value.length === 5 &&
  [0, 1, 2, 4].every((index) => Number.isSafeInteger(value[index])) &&
  typeof value[3] === 'string' &&
  !Number.isNaN(Number(value[3]));

const nameOf = ({ modelId, runId, key, datasetName, datasetDigest }: Series): string =>
  JSON.stringify([modelId, runId, key, datasetName, datasetDigest]);

/** What runs measured of models: every point, and each series' latest, as for runs themselves. */
export const modelMetricStore = (db: Db) => {
  /** Moves each series on where the new point is later. The update changes a key to itself, so ids come back of all. */
  async function saveSeries(latest: readonly MeasuredMetric[]): Promise<Map<string, number>> {
    const ids = new Map<string, number>();
    for (const batch of toBatches(latest.map(toSeriesRow))) {
      const found = await db
        .insertInto('logged_model_metrics')
        .values(batch)
        .onConflict((conflict) =>
          conflict.columns(['model_id', 'key', 'run_id', 'dataset_name', 'dataset_digest']).doUpdateSet({
            step: moved('step'),
            recorded_at: moved('recorded_at'),
            value: moved('value'),
            is_nan: moved('is_nan'),
          }),
        )
        .returning(['id', 'model_id', 'run_id', 'key', 'dataset_name', 'dataset_digest'])
        .execute();
      for (const row of found) ids.set(nameOf(toSeries(row)), row.id);
    }
    return ids;
  }

  return {
    /** A point that is there already stays one. */
    async save(metrics: readonly MeasuredMetric[]): Promise<void> {
      const ids = await saveSeries(latestBySeries(metrics, nameOf).map(([, metric]) => metric));
      const points = metrics.map((metric) => ({
        series_id: ids.get(nameOf(metric)) ?? 0,
        ...toMetricRow(metric),
      }));
      for (const batch of toBatches(points)) {
        await db
          .insertInto('logged_model_points')
          .values(batch)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
    },

    /** Series after series, each in order of time, step, value. */
    async listPoints(
      modelId: string,
      key: string,
      limit: number,
      after?: PointCursor,
    ): Promise<(MeasuredMetric & { readonly series: number })[]> {
      let query = db
        .selectFrom('logged_model_points as point')
        .innerJoin('logged_model_metrics as series', 'series.id', 'point.series_id')
        .select([
          ...(['point.series_id', 'point.recorded_at', 'point.step', 'point.value', 'point.is_nan'] as const),
          ...(['model_id', 'run_id', 'key', 'dataset_name', 'dataset_digest'] as const),
        ])
        .where('model_id', '=', modelId)
        .where('key', '=', key)
        .orderBy('point.series_id')
        .orderBy('point.recorded_at')
        .orderBy('point.step')
        .orderBy('point.value')
        .orderBy('point.is_nan')
        .limit(limit);
      if (after) query = query.where(isAfter(after));
      const rows = await query.execute();
      return rows.map((row) => ({ ...toSeries(row), ...toPoint(row), series: row.series_id }));
    },

    /** The latest point of each series, in order of model, key, run and dataset. */
    async listLatest(ids: readonly string[]): Promise<MeasuredMetric[]> {
      const rows = await inPortions(ids, (portion) =>
        db
          .selectFrom('logged_model_metrics')
          .selectAll()
          .where('model_id', 'in', portion)
          .orderBy('model_id')
          .orderBy('key')
          .orderBy('recorded_at')
          .orderBy('id')
          .execute(),
      );
      return rows.map((row) => ({
        ...toSeries(row),
        ...toPoint(row),
      }));
    },
  };
};

interface SeriesRow {
  readonly model_id: string;
  readonly run_id: string;
  readonly key: string;
  readonly dataset_name: string;
  readonly dataset_digest: string;
}

const toSeries = (row: SeriesRow): Series => ({
  modelId: row.model_id,
  runId: row.run_id,
  key: row.key,
  datasetName: row.dataset_name,
  datasetDigest: row.dataset_digest,
});

const toPoint = (row: { step: number; recorded_at: number; value: number; is_nan: number }) => ({
  step: row.step,
  timestamp: row.recorded_at,
  value: row.is_nan ? Number.NaN : row.value,
});

const isAfter = ([series, timestamp, step, value, isNan]: PointCursor) => sql<boolean>`
  (point.series_id, point.recorded_at, point.step, point.value, point.is_nan)
  > (${series}, ${timestamp}, ${step}, cast(${Number(value)} as double precision), ${isNan})`;

const toSeriesRow = (metric: MeasuredMetric) => ({
  model_id: metric.modelId,
  key: metric.key,
  run_id: metric.runId,
  dataset_name: metric.datasetName,
  dataset_digest: metric.datasetDigest,
  ...toMetricRow(metric),
});

/** `isLater` of the rules, in SQL. */
const isLater = sql`(excluded.step, excluded.recorded_at, 1 - excluded.is_nan, excluded.value)
  > (logged_model_metrics.step, logged_model_metrics.recorded_at, 1 - logged_model_metrics.is_nan, logged_model_metrics.value)`;
const moved = (column: 'step' | 'recorded_at' | 'is_nan' | 'value') =>
  sql<number>`case when ${isLater} then ${sql.ref(`excluded.${column}`)} else ${sql.ref(`logged_model_metrics.${column}`)} end`;
