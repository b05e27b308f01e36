import type { DatasetVersion, Evaluation, ModelVersion, PredictionRecord } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import { quoteName } from '../../base/sql-text.ts';
import { outOfRangeThreshold } from '../../base/statistics/out-of-range.ts';
import { mean } from '../../base/statistics/summary.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import { createKept } from './kept.ts';
import { drawsPerAlarm, type SortedColumn, unitsOfErrors } from './rules.ts';

export interface ReferencesDependencies {
  readonly datasets: Pick<Datasets, 'source'>;
  readonly analytics: Pick<Analytics, 'query' | 'columns'>;
  readonly compute: Pick<Compute, 'compute'>;
}

export interface ErrorReference {
  /** Same key, same errors. */
  readonly key: string;
  /** In order of time. */
  readonly errors: Float64Array;
  readonly mean: number;
}

/** More rows than this are sampled: the threshold barely moves, the memory would. */
const sampledRows = 200_000;
const keptValues = 4_000_000;
const keptThresholds = 1000;
/** Fewer tell too little of what is normal. */
const fewestErrors = 20;
/** Realised errors that stand for the model's own evaluation where there is none, in windows. */
export const windowsOfReference = 3;
const numeric = new Set(['integer', 'double', 'boolean']);
const worker = new URL('./threshold-worker.ts', import.meta.url);
/** No statistic reaches it; JSON knows no infinity. */
const unreachable = Number.MAX_SAFE_INTEGER;

/**
 * What windows are held against, read and computed once: sorted columns per dataset digest, thresholds per sizes and
 * rate. A check then costs a few binary searches.
 */
export function createReferences({ datasets, analytics, compute }: ReferencesDependencies) {
  const columns = createKept<SortedColumn | null>(keptValues, (column) => 1 + (column?.sorted.length ?? 0));
  const thresholds = createKept<number>(keptThresholds, () => 1);

  async function readColumn(version: DatasetVersion, name: string): Promise<SortedColumn | null> {
    const column = version.columns.find((found) => found.name === name);
    if (!column || !numeric.has(column.type)) return null;
    const tables = { reference: await datasets.source(version) };
    const value = `cast(${quoteName(name)} as double)`;
    const finite = `select ${value} as v from reference where isfinite(${value})`;
    const sample =
      version.rows > sampledRows ? ` using sample reservoir(${sampledRows} rows) repeatable (1)` : '';
    const { rows } = await analytics.query({
      sql: `select count(*) as n, min(v) as low, max(v) as high from (${finite})`,
      tables,
    });
    const { n, low, high } = rows[0] ?? {};
    if (typeof low !== 'number' || typeof high !== 'number') return null;
    const reply = await analytics.columns({ sql: `select v from (${finite})${sample}`, tables });
    const sorted = Float64Array.from(reply.values[0] as Float64Array).sort();
    return { sorted, minimum: low, maximum: high, rows: Number(n) };
  }

  function onThread(name: string, input: object): Promise<number> {
    return compute.compute<number>({ module: worker, name, input });
  }

  return {
    /** Null when the dataset has no such column, or no finite number in it. */
    column: (version: DatasetVersion, name: string): Promise<SortedColumn | null> =>
      columns.get(`${version.digest}|${name}`, () => readColumn(version, name)),

    driftThreshold: (column: SortedColumn, window: number, alpha: number): Promise<number> => {
      const reference = column.sorted.length;
      return thresholds.get(`ks|${reference}|${window}|${alpha}`, async () =>
        Math.min(unreachable, await onThread('driftThreshold', { reference, window, alpha })),
      );
    },

    /** The two sides share the rate. */
    rangeThreshold: (column: SortedColumn, window: number, alpha: number): Promise<number> =>
      thresholds.get(`range|${column.rows}|${window}|${alpha}`, async () =>
        outOfRangeThreshold(column.rows, window, alpha / 2),
      ),

    errorThreshold: ({ key, errors }: ErrorReference, window: number, alpha: number): Promise<number> =>
      thresholds.get(`error|${key}|${window}|${alpha}`, () =>
        onThread('errorThreshold', { errors, window, alpha, draws: Math.ceil(drawsPerAlarm / alpha) }),
      ),
  };
}

export type References = ReturnType<typeof createReferences>;

/** The errors of a model's evaluation, in order of time; null when there are too few. */
export function errorsOfEvaluation(evaluation: Evaluation): ErrorReference | null {
  const errors = Float64Array.from(evaluation.series, ({ truth, prediction }) =>
    Math.abs(truth - prediction),
  );
  return toReference(`evaluation|${evaluation.id}`, errors);
}

/** The first realised errors of a model that was never evaluated; null until there are enough. */
export function errorsOfRelease(
  model: ModelVersion,
  endpoint: string,
  records: readonly PredictionRecord[],
  window: number,
): (ErrorReference & { readonly until: number }) | null {
  const units = unitsOfErrors(records, model.reference)
    .reverse()
    .slice(0, window * windowsOfReference);
  if (units.length < window * windowsOfReference) return null;
  const errors = Float64Array.from(units, (unit) => unit.value);
  const until = units.at(-1)?.eventTime ?? 0;
  const reference = toReference(`release|${endpoint}|${model.reference}|${until}`, errors);
  return reference && { ...reference, until };
}

function toReference(key: string, errors: Float64Array): ErrorReference | null {
  const finite = errors.filter((error) => Number.isFinite(error));
  return finite.length < fewestErrors ? null : { key, errors: finite, mean: mean(finite) };
}
