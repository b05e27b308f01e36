import { setImmediate } from 'node:timers/promises';
import type { MetricSample, MetricSeries } from '@tidemill/contract';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { finiteOrNull } from './rules.ts';
import {
  type PointRow,
  type Series,
  type StepRange,
  type SummaryInfo,
  summaryStore,
} from './summary-store.ts';
import { type HistoryPoint, thin } from './thin.ts';

/** Points of one summary, and how many of them it keeps. */
const summarised = 4096;
const keptOfSummary = 256;
/** Left unsummarised at the end of a history, so that points a little out of order undo nothing. */
const margin = 256;
/** Points that are read one by one where the summaries would be too coarse. */
const mostRead = 2 * summarised;
/** Points of one answer. */
const mostPoints = 500_000;
const summariesAtOnce = 32;
const usualPoints = 1000;
const everywhere: StepRange = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

export interface SampleInput {
  readonly runIds: readonly string[];
  readonly keys: readonly string[];
  readonly maxPoints?: number | undefined;
  readonly fromStep?: number | undefined;
  readonly toStep?: number | undefined;
}

export interface SampledSeries {
  readonly runId: string;
  readonly key: string;
  /** Points of the whole series. */
  readonly total: number;
  readonly points: readonly HistoryPoint[];
}

interface History {
  readonly summaries: readonly SummaryInfo[];
  /** The points behind the last summary. */
  readonly tail: readonly PointRow[];
}

/** Histories as a chart needs them: few enough points, and no peak lost. */
export function createSampleVerbs({ db }: ExperimentsDependencies) {
  /** Series of one run after the other, in the order they were asked for. */
  async function* sample(
    input: SampleInput,
    workspace: string,
    signal?: AbortSignal,
  ): AsyncGenerator<SampledSeries> {
    const found = await summaryStore(db).listSeries(workspace, input.runIds, input.keys);
    const most = input.maxPoints ?? usualPoints;
    assertSize(found.length, most);
    const range = { from: input.fromStep ?? everywhere.from, to: input.toStep ?? everywhere.to };
    for (const series of inAskedOrder(found, input)) {
      signal?.throwIfAborted();
      const history = await readHistory(db, series.id);
      const total = history.summaries.reduce((sum, { points }) => sum + points, history.tail.length);
      const points = thin(await readPoints(db, series, history, range), most);
      yield { runId: series.runId, key: series.key, total, points };
      // A database in this process answers at once: without this, nobody else would have a turn.
      await setImmediate();
    }
  }

  return {
    sample,

    async sampleMetrics(input: SampleInput, caller: Caller, signal?: AbortSignal): Promise<MetricSample> {
      const series: MetricSeries[] = [];
      for await (const one of sample(input, caller.workspace, signal)) series.push(toSeries(one));
      return { series };
    },
  };
}

function assertSize(series: number, most: number): void {
  if (series * most <= mostPoints) return;
  const fewer = Math.floor(mostPoints / series);
  throw errors.requestInvalid({
    where: 'body',
    problems: `${series} series of ${most} points are too much for one answer; ask for at most ${fewer} points, or fewer runs and keys`,
  });
}

function inAskedOrder(found: readonly Series[], { runIds, keys }: SampleInput): Series[] {
  const byName = new Map(found.map((series) => [`${series.runId}\n${series.key}`, series]));
  return [...new Set(runIds)].flatMap((runId) =>
    [...new Set(keys)].flatMap((key) => byName.get(`${runId}\n${key}`) ?? []),
  );
}

/** Summarises what has come in since the last time: a stretch at a time, so that nobody waits long. */
export async function readHistory(db: Db, id: number): Promise<History> {
  const known = await summaryStore(db).listInfos(id);
  const tail = await summaryStore(db).listPoints(id, known.at(-1)?.end, summarised + margin);
  if (tail.length < summarised + margin) return { summaries: known, tail };
  for (;;) {
    const rest = await transact(db, (tx) => summariseNext(tx, id));
    if (rest) return { summaries: await summaryStore(db).listInfos(id), tail: rest };
    await setImmediate();
  }
}

/** Gives back the rest, once that is too short for a summary. Reads again, as the series may have changed since. */
async function summariseNext(tx: Db, seriesId: number): Promise<PointRow[] | null> {
  const store = summaryStore(tx);
  const rows = await store.listPoints(seriesId, await store.findEnd(seriesId), summarised + margin);
  if (rows.length < summarised + margin) return rows;
  const stretch = rows.slice(0, summarised);
  const end = stretch.at(-1);
  if (!end) return rows;
  const steps = stretch.map(({ step }) => step);
  await store.insert({
    seriesId,
    end,
    points: stretch.length,
    lowestStep: Math.min(...steps),
    highestStep: Math.max(...steps),
    kept: thin(stretch.map(toPoint), keptOfSummary),
  });
  return null;
}

/** One by one where that is bearable, else what the summaries kept of them. */
async function readPoints(
  db: Db,
  series: Series,
  { summaries, tail }: History,
  range: StepRange,
): Promise<HistoryPoint[]> {
  const isWithin = ({ step }: { step: number }) => step >= range.from && step <= range.to;
  const last = tail.filter(isWithin).map(toPoint);
  const first = summaries.findIndex((summary) => isTouched(summary, range));
  if (first < 0) return last;
  const end = summaries.findLastIndex((summary) => isTouched(summary, range)) + 1;
  const count = summaries.slice(first, end).reduce((sum, { points }) => sum + points, 0);
  const earlier =
    count <= mostRead
      ? (await summaryStore(db).listPoints(series.id, summaries[first - 1]?.end, count)).map(toPoint)
      : await readSummaries(db, series, range);
  return [...earlier.filter(isWithin), ...last];
}

const isTouched = ({ lowestStep, highestStep }: SummaryInfo, { from, to }: StepRange): boolean =>
  highestStep >= from && lowestStep <= to;

async function readSummaries(db: Db, { id }: Series, range: StepRange): Promise<HistoryPoint[]> {
  const points: HistoryPoint[] = [];
  let after: PointRow | undefined;
  do {
    const { kept, end } = await summaryStore(db).readSummaries(id, after, range, summariesAtOnce);
    for (const point of kept) points.push(point);
    after = end;
    await setImmediate();
  } while (after);
  return points;
}

const toPoint = ({ recorded_at, step, value, is_nan }: PointRow): HistoryPoint => ({
  timestamp: recorded_at,
  step,
  value: is_nan ? Number.NaN : value,
});

const toSeries = ({ runId, key, total, points }: SampledSeries): MetricSeries => ({
  runId,
  key,
  total,
  steps: points.map(({ step }) => step),
  timestamps: points.map(({ timestamp }) => timestamp),
  values: points.map(({ value }) => finiteOrNull(value)),
});
