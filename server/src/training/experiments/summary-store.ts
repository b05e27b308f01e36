/** Summaries of long histories: written when a chart first asks, forgotten when a point comes in before their end. */
import { sql } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import { inPortions } from './portions.ts';
import type { HistoryPoint } from './thin.ts';

export interface Series {
  readonly id: number;
  readonly runId: string;
  readonly key: string;
}

/** A point as the database keeps it. Its columns in this order are the order of a history. */
export interface PointRow {
  readonly recorded_at: number;
  readonly step: number;
  readonly value: number;
  readonly is_nan: number;
}

export interface SummaryInfo {
  readonly end: PointRow;
  readonly points: number;
  readonly lowestStep: number;
  readonly highestStep: number;
}

export interface NewSummary extends Omit<SummaryInfo, 'end'> {
  readonly seriesId: number;
  readonly end: PointRow;
  readonly kept: readonly HistoryPoint[];
}

/** Steps of both ends belong to it. */
export interface StepRange {
  readonly from: number;
  readonly to: number;
}

const endColumns = ['last_at', 'last_step', 'last_value', 'last_is_nan'] as const;
type EndRow = Readonly<Record<(typeof endColumns)[number], number>>;

const toEnd = (row: EndRow): PointRow => ({
  recorded_at: row.last_at,
  step: row.last_step,
  value: row.last_value,
  is_nan: row.last_is_nan,
});

export const summaryStore = (db: Db) => ({
  /** Of runs of this workspace that are there and have logged such keys. */
  async listSeries(workspace: string, runIds: readonly string[], keys: readonly string[]): Promise<Series[]> {
    const rows = await inPortions(runIds, (portion) =>
      db
        .selectFrom('run_metrics')
        .innerJoin('runs', 'runs.id', 'run_metrics.run_id')
        .select(['run_metrics.id', 'run_id', 'key'])
        .where('run_id', 'in', portion)
        .where('runs.workspace', '=', workspace)
        .where('key', 'in', keys)
        .execute(),
    );
    return rows.map(({ id, run_id, key }) => ({ id, runId: run_id, key }));
  },

  async listSeriesOfRun(runId: string, limit: number): Promise<number[]> {
    const rows = await db
      .selectFrom('run_metrics')
      .select('id')
      .where('run_id', '=', runId)
      .orderBy('key')
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  },

  /** In the order of the history, without what they hold. */
  async listInfos(seriesId: number): Promise<SummaryInfo[]> {
    const rows = await db
      .selectFrom('metric_summaries')
      .select([...endColumns, 'points', 'lowest_step', 'highest_step'])
      .where('series_id', '=', seriesId)
      .orderBy('last_at')
      .orderBy('last_step')
      .orderBy('last_value')
      .orderBy('last_is_nan')
      .execute();
    return rows.map((row) => ({
      end: toEnd(row),
      points: row.points,
      lowestStep: row.lowest_step,
      highestStep: row.highest_step,
    }));
  },

  /** The point that the last summary ends with. */
  async findEnd(seriesId: number): Promise<PointRow | undefined> {
    const row = await db
      .selectFrom('metric_summaries')
      .select(endColumns)
      .where('series_id', '=', seriesId)
      .orderBy('last_at', 'desc')
      .orderBy('last_step', 'desc')
      .orderBy('last_value', 'desc')
      .orderBy('last_is_nan', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && toEnd(row);
  },

  /** What these summaries kept, those behind `after` first; at most `limit` summaries. */
  async readSummaries(
    seriesId: number,
    after: PointRow | undefined,
    { from, to }: StepRange,
    limit: number,
  ): Promise<{ kept: HistoryPoint[]; end: PointRow | undefined }> {
    const rows = await sql<EndRow & { summary: string }>`
      select summary, last_at, last_step, last_value, last_is_nan from metric_summaries
      where series_id = ${seriesId} and highest_step >= ${from} and lowest_step <= ${to}
        ${after ? sql`and (last_at, last_step, last_value, last_is_nan) > (${toKey(after)})` : sql``}
      order by last_at, last_step, last_value, last_is_nan limit ${limit}`.execute(db);
    const last = rows.rows.at(-1);
    return {
      kept: rows.rows.flatMap((row) => parseJson<Kept[]>(row.summary).map(toHistoryPoint)),
      end: last && toEnd(last),
    };
  },

  async listPoints(seriesId: number, after: PointRow | undefined, limit: number): Promise<PointRow[]> {
    // Ordered by the whole key, or PostgreSQL, before it knows the table, would sort the rest of the series.
    const { rows } = await sql<PointRow>`
      select recorded_at, step, value, is_nan from (
        select * from metric_points
        where (series_id, recorded_at, step, value, is_nan) > (${seriesId}, ${toKey(after ?? beforeAll)})
        order by series_id, recorded_at, step, value, is_nan limit ${limit}
      ) as points
      where series_id = ${seriesId}
      order by series_id, recorded_at, step, value, is_nan`.execute(db);
    return rows;
  },

  async insert(summary: NewSummary): Promise<void> {
    const { seriesId, end, points, lowestStep, highestStep, kept } = summary;
    await db
      .insertInto('metric_summaries')
      .values({
        series_id: seriesId,
        last_at: end.recorded_at,
        last_step: end.step,
        last_value: end.value,
        last_is_nan: end.is_nan,
        points,
        lowest_step: lowestStep,
        highest_step: highestStep,
        summary: json(kept.map(toKept)),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },
});

const beforeAll: PointRow = { recorded_at: Number.MIN_SAFE_INTEGER, step: 0, value: 0, is_nan: 0 };
const toKey = ({ recorded_at, step, value, is_nan }: PointRow) =>
  sql`${recorded_at}, ${step}, cast(${value} as double precision), ${is_nan}`;

/** JSON has no NaN and no infinity: those go as text. */
type Kept = readonly [timestamp: number, step: number, value: number | string];
const toKept = ({ timestamp, step, value }: HistoryPoint): Kept => [
  timestamp,
  step,
  Number.isFinite(value) ? value : String(value),
];
const toHistoryPoint = ([timestamp, step, value]: Kept): HistoryPoint => ({
  timestamp,
  step,
  value: Number(value),
});

type NewRow = PointRow & { readonly id: number };

/** Of each series the first point in the order of its history, as values for the statements below. */
export function listEarliest(rows: readonly NewRow[]): (readonly number[])[] {
  const earliest = new Map<number, NewRow>();
  for (const row of rows) {
    const found = earliest.get(row.id);
    if (!found || isBefore(row, found)) earliest.set(row.id, row);
  }
  return [...earliest.values()].map((row) => [row.id, row.recorded_at, row.step, row.value, row.is_nan]);
}

function isBefore(a: NewRow, b: NewRow): boolean {
  if (a.recorded_at !== b.recorded_at) return a.recorded_at < b.recorded_at;
  if (a.step !== b.step) return a.step < b.step;
  return a.value !== b.value ? a.value < b.value : a.is_nan < b.is_nan;
}

/** Goes with every write of points: a summary that one of them would have belonged to is no longer true. */
export const sqliteForget = `delete from metric_summaries
  where series_id = ? and (last_at, last_step, last_value, last_is_nan) >= (?, ?, ?, ?)`;
/** Takes its values as columns, from parameter 6 on. */
export const postgresForget = `delete from metric_summaries as own
  using unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::double precision[], $10::int[])
    as new(id, at, step, value, is_nan)
  where own.series_id = new.id
    and (own.last_at, own.last_step, own.last_value, own.last_is_nan) >= (new.at, new.step, new.value, new.is_nan)`;
