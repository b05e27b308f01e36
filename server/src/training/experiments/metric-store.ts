import { CompiledQuery, sql } from 'kysely';
import { type DatabaseKind, type Db, kindOf } from '../../adapters/db/db.ts';
import { inPortions } from './portions.ts';
import { latestByKey, type MetricValue } from './rules.ts';

/** Where a page of a history ended: the key of its last row. */
export type HistoryCursor = readonly [timestamp: number, step: number, value: string, isNan: number];

export const metricStore = (db: Db) => {
  /** Moves each series on where the new point is later. Gives back the series' ids by key. */
  async function saveLatest(runId: string, latest: readonly MetricValue[]): Promise<Map<string, number>> {
    const written = await inPortions(latest, (portion) =>
      db
        .insertInto('run_metrics')
        .values(portion.map((metric) => ({ run_id: runId, key: metric.key, ...toRow(metric) })))
        .onConflict((conflict) =>
          conflict
            .columns(['run_id', 'key'])
            .doUpdateSet((eb) => ({
              step: eb.ref('excluded.step'),
              recorded_at: eb.ref('excluded.recorded_at'),
              value: eb.ref('excluded.value'),
              is_nan: eb.ref('excluded.is_nan'),
            }))
            .where(isLaterThanStored),
        )
        .returning(['id', 'key'])
        .execute(),
    );
    const ids = new Map(written.map(({ key, id }) => [key, id]));
    const older = latest.map(({ key }) => key).filter((key) => !ids.has(key));
    const known = await inPortions(older, (portion) =>
      db
        .selectFrom('run_metrics')
        .select(['id', 'key'])
        .where('run_id', '=', runId)
        .where('key', 'in', portion)
        .execute(),
    );
    for (const { key, id } of known) ids.set(key, id);
    return ids;
  }

  return {
    async save(runId: string, metrics: readonly MetricValue[]): Promise<void> {
      if (metrics.length === 0) return;
      const ids = await saveLatest(runId, latestByKey(metrics));
      await inPortions(metrics, async (portion) => {
        await db.executeQuery(insertPoints(kindOf(db), ids, portion));
        return [];
      });
    },

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
  };
};

/** Written out by hand: for a full batch, building this as a tree takes longer than the insert itself. */
function insertPoints(
  kind: DatabaseKind,
  ids: ReadonlyMap<string, number>,
  points: readonly MetricValue[],
): CompiledQuery {
  const values = points.flatMap((point) => {
    const { recorded_at, step, value, is_nan } = toRow(point);
    return [ids.get(point.key) ?? null, recorded_at, step, value, is_nan];
  });
  const parameter = (index: number) => (kind === 'postgres' ? `$${index + 1}` : '?');
  const rows = points.map((_point, row) => `(${[0, 1, 2, 3, 4].map((i) => parameter(row * 5 + i)).join()})`);
  return CompiledQuery.raw(
    `insert into metric_points (series_id, recorded_at, step, value, is_nan) values ${rows.join()} on conflict do nothing`,
    values,
  );
}

const toRow = (metric: MetricValue) => ({
  step: metric.step,
  recorded_at: metric.timestamp,
  value: Number.isNaN(metric.value) ? 0 : metric.value,
  is_nan: Number.isNaN(metric.value) ? 1 : 0,
});

/** `isLater` of rules.ts, in SQL. */
const isLaterThanStored = sql<boolean>`
  (excluded.step, excluded.recorded_at, 1 - excluded.is_nan, excluded.value)
  > (run_metrics.step, run_metrics.recorded_at, 1 - run_metrics.is_nan, run_metrics.value)`;

const isAfter = ([timestamp, step, value, isNan]: HistoryCursor) => sql<boolean>`
  (recorded_at, step, value, is_nan)
  > (${timestamp}, ${step}, cast(${Number(value)} as double precision), ${isNan})`;

export const toHistoryCursor = (point: MetricValue): HistoryCursor => {
  const { recorded_at, step, value, is_nan } = toRow(point);
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
