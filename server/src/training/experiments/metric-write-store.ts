/** Writing of metrics: every point, and each series' latest. Statements of constant text, as this is what training waits for. */
import { CompiledQuery } from 'kysely';
import { type Db, kindOf, runForEach } from '../../adapters/db/db.ts';
import { toMetricRow } from './metric-store.ts';
import { latestBySeries, type MetricValue } from './rules.ts';

/** A point with the run whose it is. */
export interface RunMetric extends MetricValue {
  readonly runId: string;
}

/** Ids of series by their names. */
export type SeriesIds = ReadonlyMap<string, number>;

/** A run id holds no line break. */
const nameOf = ({ runId, key }: { readonly runId: string; readonly key: string }): string =>
  `${runId}\n${key}`;

interface Series extends RunMetric {
  readonly name: string;
}

interface Row {
  readonly step: number;
  readonly recorded_at: number;
  readonly value: number;
  readonly is_nan: number;
}

/**
 * Writes the points; one that is there already stays one. `known` are ids of earlier calls, which never change.
 * Gives back the ids of the other series met: they hold once the transaction is committed.
 */
export async function saveMetrics(
  tx: Db,
  metrics: readonly RunMetric[],
  known: SeriesIds,
): Promise<SeriesIds> {
  if (metrics.length === 0) return new Map();
  const write = kindOf(tx) === 'sqlite' ? sqliteWriter(tx) : postgresWriter(tx);
  const latest = latestBySeries(metrics, nameOf).map(([name, metric]) => ({ ...metric, name }));
  const unknown = latest.filter(({ name }) => !known.has(name));
  const fresh = await write.ensureSeries(unknown);
  const idOf = (name: string): number => known.get(name) ?? fresh.get(name) ?? 0;
  await write.moveLatest(latest.map((series) => ({ id: idOf(series.name), ...toMetricRow(series) })));
  await write.insertPoints(metrics.map((metric) => ({ id: idOf(nameOf(metric)), ...toMetricRow(metric) })));
  return fresh;
}

interface Writer {
  ensureSeries(series: readonly Series[]): Promise<SeriesIds>;
  moveLatest(rows: readonly (Row & { readonly id: number })[]): Promise<void>;
  insertPoints(rows: readonly (Row & { readonly id: number })[]): Promise<void>;
}

const sqliteWriter = (tx: Db): Writer => ({
  async ensureSeries(series) {
    const rows = series.map((one) => {
      const { step, recorded_at, value, is_nan } = toMetricRow(one);
      return [one.runId, one.key, step, recorded_at, value, is_nan];
    });
    const found = await runForEach<{ id: number }>(tx, sqliteEnsure, rows);
    return new Map(series.map(({ name }, index) => [name, found[index]?.id ?? 0]));
  },
  async moveLatest(rows) {
    await runForEach(tx, sqliteMove, rows.map(toValues));
  },
  async insertPoints(rows) {
    await runForEach(tx, sqlitePoint, rows.map(toValues));
  },
});

const toValues = ({ id, step, recorded_at, value, is_nan }: Row & { readonly id: number }) => [
  id,
  step,
  recorded_at,
  value,
  is_nan,
];

/** The update changes nothing; it makes `returning` speak of series that were there, too. */
const sqliteEnsure = `insert into run_metrics (run_id, key, step, recorded_at, value, is_nan) values (?, ?, ?, ?, ?, ?)
  on conflict (run_id, key) do update set key = excluded.key returning id`;
/** `isLater` of rules.ts, in SQL. */
const sqliteMove = `update run_metrics set step = ?2, recorded_at = ?3, value = ?4, is_nan = ?5
  where id = ?1 and (?2, ?3, 1 - ?5, ?4) > (step, recorded_at, 1 - is_nan, value)`;
const sqlitePoint =
  'insert into metric_points (series_id, step, recorded_at, value, is_nan) values (?, ?, ?, ?, ?) on conflict do nothing';

const postgresWriter = (tx: Db): Writer => ({
  async ensureSeries(series) {
    if (series.length === 0) return new Map();
    const rows = series.map(toMetricRow);
    const { rows: found } = await tx.executeQuery<{ id: number; run_id: string; key: string }>(
      CompiledQuery.raw(postgresEnsure, [
        series.map(({ runId }) => runId),
        series.map(({ key }) => key),
        ...toColumns(rows),
      ]),
    );
    return new Map(found.map(({ id, run_id, key }) => [nameOf({ runId: run_id, key }), id]));
  },
  async moveLatest(rows) {
    await tx.executeQuery(CompiledQuery.raw(postgresMove, [rows.map(({ id }) => id), ...toColumns(rows)]));
  },
  async insertPoints(rows) {
    await tx.executeQuery(CompiledQuery.raw(postgresPoint, [rows.map(({ id }) => id), ...toColumns(rows)]));
  },
});

const toColumns = (rows: readonly Row[]): number[][] => [
  rows.map(({ step }) => step),
  rows.map(({ recorded_at }) => recorded_at),
  rows.map(({ value }) => value),
  rows.map(({ is_nan }) => is_nan),
];

const postgresEnsure = `insert into run_metrics (run_id, key, step, recorded_at, value, is_nan)
  select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::double precision[], $6::int[])
  on conflict (run_id, key) do update set key = excluded.key returning id, run_id, key`;
const postgresMove = `update run_metrics as own
  set step = new.step, recorded_at = new.recorded_at, value = new.value, is_nan = new.is_nan
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::double precision[], $5::int[])
    as new(id, step, recorded_at, value, is_nan)
  where own.id = new.id and (new.step, new.recorded_at, 1 - new.is_nan, new.value)
    > (own.step, own.recorded_at, 1 - own.is_nan, own.value)`;
const postgresPoint = `insert into metric_points (series_id, step, recorded_at, value, is_nan)
  select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::double precision[], $5::int[])
  on conflict do nothing`;
