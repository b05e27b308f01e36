/** Writing of metrics: every point, and each series' latest. Statements of constant text, as this is what training waits for. */
import { type Db, kindOf, runConstant, runForEach } from '../../adapters/db/db.ts';
import { toMetricRow } from './metric-row.ts';
import { type Extremes, extremesBySeries, latestBySeries, type MetricValue } from './rules.ts';
import { listEarliest, postgresForget, sqliteForget } from './summary-store.ts';

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
  readonly extremes: Extremes | undefined;
}

interface Row {
  readonly step: number;
  readonly recorded_at: number;
  readonly value: number;
  readonly is_nan: number;
}

/** A series' latest point, and the extremes of what is written now. */
interface LatestRow extends Row {
  readonly minimum: number | null;
  readonly maximum: number | null;
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
  const extremes = extremesBySeries(metrics, nameOf);
  const latest = latestBySeries(metrics, nameOf).map(([name, metric]) => ({
    ...metric,
    name,
    extremes: extremes.get(name),
  }));
  const unknown = latest.filter(({ name }) => !known.has(name));
  const created = await write.createSeries(unknown);
  const found = await write.findSeries(unknown.filter(({ name }) => !created.has(name)));
  const idOf = (name: string): number => known.get(name) ?? created.get(name) ?? found.get(name) ?? 0;
  // A series that was created has its latest point already.
  const older = latest.filter(({ name }) => !created.has(name));
  await write.writePoints(
    metrics.map((metric) => ({ id: idOf(nameOf(metric)), ...toMetricRow(metric) })),
    older.map((series) => ({ id: idOf(series.name), ...toLatestRow(series) })),
  );
  return new Map([...created, ...found]);
}

const toLatestRow = (series: Series): LatestRow => ({
  ...toMetricRow(series),
  minimum: series.extremes?.minimum ?? null,
  maximum: series.extremes?.maximum ?? null,
});

interface SeriesRow {
  readonly id: number;
  readonly run_id: string;
  readonly key: string;
}

const toIds = (rows: readonly SeriesRow[]): SeriesIds =>
  new Map(rows.map(({ id, run_id, key }) => [nameOf({ runId: run_id, key }), id]));

interface Writer {
  /** Ids of those that were not there, with their latest point. */
  createSeries(series: readonly Series[]): Promise<SeriesIds>;
  findSeries(series: readonly Series[]): Promise<SeriesIds>;
  /** All points, and of each series that was there what is now its latest point and its extremes. */
  writePoints(
    points: readonly (Row & { readonly id: number })[],
    latest: readonly (LatestRow & { readonly id: number })[],
  ): Promise<void>;
}

const sqliteWriter = (tx: Db): Writer => ({
  async createSeries(series) {
    const rows = series.map((one) => {
      const { step, recorded_at, value, is_nan, minimum, maximum } = toLatestRow(one);
      return [one.runId, one.key, step, recorded_at, value, is_nan, minimum, maximum];
    });
    return toIds(await runForEach<SeriesRow>(tx, sqliteCreate, rows));
  },
  async findSeries(series) {
    const rows = series.map(({ runId, key }) => [runId, key]);
    return toIds(await runForEach<SeriesRow>(tx, sqliteFind, rows));
  },
  async writePoints(points, latest) {
    const moves = latest.map((row) => [...toValues(row), row.minimum, row.maximum]);
    await runForEach(tx, sqliteMove, moves);
    await runForEach(tx, sqliteForget, listEarliest(points));
    await runForEach(tx, sqlitePoint, points.map(toValues));
  },
});

const toValues = ({ id, step, recorded_at, value, is_nan }: Row & { readonly id: number }) => [
  id,
  step,
  recorded_at,
  value,
  is_nan,
];

const sqliteCreate = `insert into run_metrics (run_id, key, step, recorded_at, value, is_nan, minimum, maximum)
  values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (run_id, key) do nothing returning id, run_id, key`;
const sqliteFind = 'select id, run_id, key from run_metrics where run_id = ? and key = ?';
/** `isLater` of rules.ts, in SQL. */
const sqliteIsLater = '(?2, ?3, 1 - ?5, ?4) > (step, recorded_at, 1 - is_nan, value)';
/** SQLite's min and max give null when one side is. */
const sqliteMove = `update run_metrics set
    step = iif(${sqliteIsLater}, ?2, step), recorded_at = iif(${sqliteIsLater}, ?3, recorded_at),
    value = iif(${sqliteIsLater}, ?4, value), is_nan = iif(${sqliteIsLater}, ?5, is_nan),
    minimum = min(coalesce(minimum, ?6), coalesce(?6, minimum)),
    maximum = max(coalesce(maximum, ?7), coalesce(?7, maximum))
  where id = ?1 and (${sqliteIsLater} or ?6 < minimum or ?7 > maximum or minimum is null)`;
const sqlitePoint =
  'insert into metric_points (series_id, step, recorded_at, value, is_nan) values (?, ?, ?, ?, ?) on conflict do nothing';

const postgresWriter = (tx: Db): Writer => ({
  async createSeries(series) {
    if (series.length === 0) return new Map();
    const columns = [...toNames(series), ...toLatestColumns(series.map(toLatestRow))];
    return toIds(await runConstant<SeriesRow>(tx, postgresCreate, columns));
  },
  async findSeries(series) {
    if (series.length === 0) return new Map();
    return toIds(await runConstant<SeriesRow>(tx, postgresFind, toNames(series)));
  },
  async writePoints(points, latest) {
    const earliest = listEarliest(points);
    await runConstant(tx, postgresWrite, [
      points.map(({ id }) => id),
      ...toColumns(points),
      ...[0, 1, 2, 3, 4].map((column) => earliest.map((row) => row[column])),
      latest.map(({ id }) => id),
      ...toLatestColumns(latest),
    ]);
  },
});

const toNames = (series: readonly Series[]): string[][] => [
  series.map(({ runId }) => runId),
  series.map(({ key }) => key),
];

const toColumns = (rows: readonly Row[]): number[][] => [
  rows.map(({ step }) => step),
  rows.map(({ recorded_at }) => recorded_at),
  rows.map(({ value }) => value),
  rows.map(({ is_nan }) => is_nan),
];

const toLatestColumns = (rows: readonly LatestRow[]): (number | null)[][] => [
  ...toColumns(rows),
  rows.map(({ minimum }) => minimum),
  rows.map(({ maximum }) => maximum),
];

const postgresCreate = `insert into run_metrics
    (run_id, key, step, recorded_at, value, is_nan, minimum, maximum)
  select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::double precision[], $6::int[],
    $7::double precision[], $8::double precision[])
  on conflict (run_id, key) do nothing returning id, run_id, key`;
const postgresFind = `select id, run_id, key from run_metrics
  join unnest($1::text[], $2::text[]) as wanted(run_id, key) using (run_id, key)`;
const postgresIsLater = `(new.step, new.recorded_at, 1 - new.is_nan, new.value)
  > (own.step, own.recorded_at, 1 - own.is_nan, own.value)`;
const ifLater = (column: keyof Row) =>
  `${column} = case when ${postgresIsLater} then new.${column} else own.${column} end`;
const postgresMove = `update run_metrics as own
  set ${ifLater('step')}, ${ifLater('recorded_at')}, ${ifLater('value')}, ${ifLater('is_nan')},
    minimum = least(own.minimum, new.minimum), maximum = greatest(own.maximum, new.maximum)
  from unnest($11::bigint[], $12::bigint[], $13::bigint[], $14::double precision[], $15::int[],
    $16::double precision[], $17::double precision[])
    as new(id, step, recorded_at, value, is_nan, minimum, maximum)
  where own.id = new.id and (${postgresIsLater}
    or new.minimum < own.minimum or new.maximum > own.maximum or own.minimum is null)`;
/** One statement, as each costs a journey to the database and back. */
const postgresWrite = `with forgotten as (${postgresForget}), moved as (${postgresMove})
  insert into metric_points (series_id, step, recorded_at, value, is_nan)
  select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::double precision[], $5::int[])
  on conflict do nothing`;
