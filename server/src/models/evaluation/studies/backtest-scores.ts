/** Runs in a worker thread: forecasts by horizon and by fold, beside those of the naive rules. */
import type { BacktestReport, Metrics } from '@tidemill/contract';
import { naiveScale } from '../../../base/statistics/backtest-folds.ts';
import { drawnInterval } from '../../../base/statistics/permutation-importance.ts';
import { createRandom } from '../../../base/statistics/random.ts';
import { pick } from '../../../base/statistics/scores/order.ts';
import { type QuantileColumn, quantileScorer } from '../../../base/statistics/scores/quantile-scores.ts';
import { regressionScorer } from '../../../base/statistics/scores/regression-scores.ts';
import { type Scorer, unitWeights } from '../../../base/statistics/scores/scorer.ts';
import { compare } from '../rules.ts';

/** One a forecast. */
export interface Forecasts {
  readonly truth: Float64Array;
  readonly prediction: Float64Array;
  /** NaN where the rule knows nothing yet. */
  readonly naive: Float64Array;
  readonly seasonal: Float64Array | null;
  /** What MASE measures the error in; NaN where there is none. */
  readonly scale: Float64Array;
  readonly quantiles: readonly QuantileColumn[];
  readonly horizon: Float64Array;
  readonly fold: Float64Array;
  /** Place of the time among the distinct ones. */
  readonly rank: Float64Array;
}

export interface BacktestScoring {
  readonly forecasts: Forecasts;
  readonly folds: number;
  readonly rounds: number;
  readonly alpha: number;
  readonly seed: number;
}

export type BacktestScores = Pick<
  BacktestReport,
  'metrics' | 'intervals' | 'rules' | 'comparisons' | 'horizons'
> & { readonly folds: readonly Pick<BacktestReport['folds'][number], 'rows' | 'metrics' | 'rules'>[] };

const shown = ['mae', 'rmse', 'bias', 'mape', 'smape', 'wape', 'median_absolute_error'];
const leastFolds = 5;
const mostWork = 50_000_000;

export function scoreBacktest({ forecasts, folds, rounds, alpha, seed }: BacktestScoring): BacktestScores {
  const all = Uint32Array.from({ length: forecasts.truth.length }, (_, i) => i);
  const at = (of: Float64Array, value: number) => all.filter((i) => of[i] === value);
  const horizons = [...new Set(forecasts.horizon)].sort((a, b) => a - b);
  const judged = (places: Uint32Array) => ({
    rows: places.length,
    metrics: metricsOf(forecasts, forecasts.prediction, places),
    rules: rulesOf(forecasts, places),
  });
  const { metrics, rules } = judged(all);
  const scorer = scorerOf(forecasts, forecasts.prediction, all);
  return {
    metrics,
    rules,
    intervals: folds < leastFolds ? {} : intervalsOf(forecasts, scorer, { folds, rounds, alpha, seed }),
    comparisons: comparisonsOf(forecasts, seed),
    horizons: horizons.map((horizon) => ({ horizon, ...judged(at(forecasts.horizon, horizon)) })),
    folds: Array.from({ length: folds }, (_, fold) => judged(at(forecasts.fold, fold))),
  };
}

function scorerOf(forecasts: Forecasts, prediction: Float64Array, places: Uint32Array): Scorer {
  const isOwn = prediction === forecasts.prediction;
  const truth = pick(forecasts.truth, places);
  const given = pick(prediction, places);
  const points = regressionScorer({ truth, prediction: given });
  const scaled = given.map(
    (value, i) => Math.abs(value - (truth[i] as number)) / (forecasts.scale[places[i] as number] as number),
  );
  const quantiles = isOwn
    ? forecasts.quantiles.map(({ level, values }) => ({ level, values: pick(values, places) }))
    : [];
  const spreads = quantiles.length > 0 ? quantileScorer(truth, quantiles) : null;
  return (weights) => {
    const scores = points(weights);
    let [sum, total] = [0, 0];
    for (let i = 0; i < scaled.length; i += 1) {
      sum += (weights[i] as number) * (scaled[i] as number);
      total += weights[i] as number;
    }
    return {
      ...Object.fromEntries(shown.map((name) => [name, scores[name] ?? Number.NaN])),
      mase: sum / total,
      ...spreads?.(weights),
    };
  };
}

function metricsOf(forecasts: Forecasts, prediction: Float64Array, places: Uint32Array): Metrics {
  if (places.length === 0) return {};
  const scores = scorerOf(forecasts, prediction, places)(unitWeights(places.length));
  return Object.fromEntries(
    Object.entries(scores).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );
}

/** Of the forecasts for which the rule knows a value. */
function rulesOf(forecasts: Forecasts, places: Uint32Array): BacktestReport['rules'] {
  return rulesIn(forecasts).map(({ name, values }) => {
    const known = places.filter((i) => Number.isFinite(values[i]));
    return { name, metrics: metricsOf(forecasts, values, known) };
  });
}

const rulesIn = ({ naive, seasonal }: Forecasts) => [
  { name: 'naive' as const, values: naive },
  ...(seasonal ? [{ name: 'seasonal-naive' as const, values: seasonal }] : []),
];

/** Absolute errors by time, on the forecasts that both make. */
function comparisonsOf(forecasts: Forecasts, seed: number): BacktestReport['comparisons'] {
  return rulesIn(forecasts).flatMap(({ name, values }) => {
    const known = Uint32Array.from([...values.keys()].filter((i) => Number.isFinite(values[i])));
    if (known.length < 2) return [];
    const comparison = compare({
      truth: pick(forecasts.truth, known),
      candidate: pick(forecasts.prediction, known),
      other: pick(values, known),
      ranks: Array.from(pick(forecasts.rank, known)),
      seed,
    });
    return [{ ...comparison, against: name }];
  });
}

/** Folds drawn with replacement: errors within a fold are alike, those of different folds less so. */
function intervalsOf(
  { fold }: Forecasts,
  scorer: Scorer,
  options: Omit<BacktestScoring, 'forecasts'>,
): BacktestReport['intervals'] {
  const { folds, alpha } = options;
  const rounds = Math.max(200, Math.min(options.rounds, Math.floor(mostWork / fold.length)));
  const random = createRandom(options.seed);
  const drawn = new Map<string, Float64Array>();
  for (let round = 0; round < rounds; round += 1) {
    const counts = new Float64Array(folds);
    for (let i = 0; i < folds; i += 1) {
      const own = random.integer(folds);
      counts[own] = (counts[own] as number) + 1;
    }
    const weights = fold.map((own) => counts[own] as number);
    for (const [name, value] of Object.entries(scorer(weights))) {
      const values = drawn.get(name) ?? new Float64Array(rounds);
      values[round] = value;
      drawn.set(name, values);
    }
  }
  return Object.fromEntries(
    [...drawn].flatMap(([name, values]) => {
      const interval = drawnInterval(values, alpha);
      return interval ? [[name, { ...interval, method: 'bootstrap' as const }] as const] : [];
    }),
  );
}

export interface TableForecasts {
  readonly truth: Float64Array;
  readonly prediction: Float64Array;
  readonly quantiles: readonly QuantileColumn[];
  readonly horizon: Float64Array;
  /** Rows in order of it. */
  readonly time: Float64Array;
  readonly series: Float64Array;
  readonly season: number | null;
  readonly folds: number;
}

/**
 * Of a table: what was known when each forecast was made, `horizon` times before its own, and blocks of equally many
 * origins as folds.
 */
export function forecastsOf(table: TableForecasts): { forecasts: Forecasts; folds: number } {
  const { truth, time, series, horizon, season } = table;
  const rows = truth.length;
  const empty = () => new Float64Array(rows).fill(Number.NaN);
  const [naive, seasonal, scale, origins] = [empty(), empty(), empty(), empty()];
  const times = [...new Set(time)].sort((a, b) => a - b);
  const rankOf = new Map(times.map((value, i) => [value, i]));
  for (const code of new Set(series)) {
    const own = [...series.keys()].filter((i) => series[i] === code);
    const known = new Map(own.map((i) => [time[i] as number, truth[i] as number]));
    const values = Float64Array.from([...known].sort(([a], [b]) => a - b).map(([, value]) => value));
    const placeOf = new Map([...known.keys()].sort((a, b) => a - b).map((value, i) => [value, i]));
    const measure = naiveScale(values, season ?? 1);
    for (const i of own) {
      const place = placeOf.get(time[i] as number) as number;
      const origin = place - (horizon[i] as number);
      naive[i] = values[origin] ?? Number.NaN;
      if (season !== null) {
        const ahead = place - (origin + 1);
        seasonal[i] = values[origin + 1 - season + (ahead % season)] ?? Number.NaN;
      }
      scale[i] = measure;
      origins[i] = (rankOf.get(time[i] as number) as number) - (horizon[i] as number);
    }
  }
  const ordered = [...new Set(origins)].sort((a, b) => a - b);
  const folds = Math.min(table.folds, ordered.length);
  const foldOf = new Map(ordered.map((origin, i) => [origin, Math.floor((i * folds) / ordered.length)]));
  const forecasts: Forecasts = {
    ...{ truth, prediction: table.prediction, naive, scale, horizon, quantiles: table.quantiles },
    seasonal: season === null ? null : seasonal,
    fold: origins.map((origin) => foldOf.get(origin) as number),
    rank: time.map((value) => rankOf.get(value) as number),
  };
  return { forecasts, folds };
}

/** In a worker thread. */
export function scoreTable({
  table,
  ...options
}: Omit<BacktestScoring, 'forecasts' | 'folds'> & { readonly table: TableForecasts }) {
  const { forecasts, folds } = forecastsOf(table);
  const { fold, naive } = forecasts;
  return { scores: scoreBacktest({ ...options, forecasts, folds }), fold, naive };
}
