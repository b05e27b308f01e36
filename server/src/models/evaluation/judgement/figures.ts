/** The metrics of a task with their bootstrap intervals. */
import type { Intervals, Metrics } from '@tidemill/contract';
import { binaryScorer } from '../../../base/statistics/scores/binary-scores.ts';
import { classScorer, weightedMean } from '../../../base/statistics/scores/class-scores.ts';
import {
  binaryConfusionScores,
  confusionCells,
  confusionScores,
} from '../../../base/statistics/scores/confusion-scores.ts';
import { pick } from '../../../base/statistics/scores/order.ts';
import { quantileScorer } from '../../../base/statistics/scores/quantile-scores.ts';
import { regressionScorer } from '../../../base/statistics/scores/regression-scores.ts';
import {
  countIntervals,
  resampledIntervals,
  type ScoreIntervals,
} from '../../../base/statistics/scores/resampling.ts';
import type { Scorer, Scores } from '../../../base/statistics/scores/scorer.ts';
import type { JudgedRows } from './rows.ts';

/** Of the largest of all errors a resample can only tell less. */
const withoutInterval = new Set(['max_error', 'mase']);

/** Rows called by a threshold, by their own column, or by the largest probability (ties: the lower class). */
export function calledClasses(rows: JudgedRows): Float64Array {
  const { prediction, score, probabilities, threshold, positive, truth } = rows;
  if (score) return score.map((value) => (value >= threshold ? positive : 1 - positive));
  if (prediction) return prediction;
  const called = new Float64Array(truth.length);
  const best = new Float64Array(truth.length).fill(-1);
  probabilities?.forEach((column, k) => {
    if (!column) return;
    for (let i = 0; i < column.length; i += 1) {
      if ((column[i] as number) <= (best[i] as number)) continue;
      best[i] = column[i] as number;
      called[i] = k;
    }
  });
  return called;
}

/** 1 where the row is of the positive class. */
export const positives = ({ truth, positive }: Pick<JudgedRows, 'truth' | 'positive'>): Float64Array =>
  truth.map((value) => (value === positive ? 1 : 0));

/** Metrics by name, NaN where undefined; a scorer for the rows at some places. */
export function scorerOf(rows: JudgedRows): (places: Uint32Array | null) => Scorer {
  const { values } = rows;
  const make = taskScorer(rows);
  if (!values) return make;
  return (places) => {
    const [scorer, own] = [make(places), places ? pick(values, places) : values];
    return (weights) => ({ ...scorer(weights), value: weightedMean(own, weights) });
  };
}

function taskScorer(rows: JudgedRows): (places: Uint32Array | null) => Scorer {
  const at = (values: Float64Array, places: Uint32Array | null) => (places ? pick(values, places) : values);
  const { truth, score, threshold, probabilities, classes } = rows;
  if (rows.task === 'regression') {
    const { bounds, forecastQuantiles } = rows;
    return (places) => {
      const points = regressionScorer({
        truth: at(truth, places),
        prediction: at(rows.prediction as Float64Array, places),
        interval: bounds ? { lower: at(bounds.lower, places), upper: at(bounds.upper, places) } : undefined,
        isInOrder: rows.isInOrder && places === null,
      });
      if (forecastQuantiles.length === 0) return points;
      const columns = forecastQuantiles.map(({ level, values }) => ({ level, values: at(values, places) }));
      const spreads = quantileScorer(at(truth, places), columns);
      return (weights) => ({ ...points(weights), ...spreads(weights) });
    };
  }
  if (score) {
    const outcome = positives(rows);
    return (places) => binaryScorer({ truth: at(outcome, places), score: at(score, places), threshold });
  }
  const called = calledClasses(rows);
  if (rows.task === 'binary') {
    const [outcome, calls] = [positives(rows), positives({ ...rows, truth: called })];
    return (places) => (weights) =>
      binaryConfusionScores(confusionCells(at(outcome, places), at(calls, places), weights, 2));
  }
  return (places) =>
    classScorer({
      truth: at(truth, places),
      called: at(called, places),
      classes: classes.length,
      probabilities: probabilities?.map((column) => column && at(column, places)),
    });
}

export interface Figures {
  readonly scores: Scores;
  readonly metrics: Metrics;
  readonly intervals: Intervals;
}

/**
 * Every metric of all rows, and percentile intervals: rows that all weigh 1 have those of their confusion matrix from
 * its multinomial, the others come from the bootstrap or, above 20,000 rows, a bag of little bootstraps.
 */
export function figuresOf(rows: JudgedRows): Figures {
  const { weights, alpha, rounds, seed } = rows;
  const make = scorerOf(rows);
  const scores = make(null)(weights);
  const options = { alpha, rounds, seed };
  const counted = rows.isWeighted ? {} : countedIntervals(rows, options);
  const isAllCounted = Object.keys(scores).every((name) => name in counted);
  const resampled = isAllCounted
    ? {}
    : resampledIntervals(scores, { ...options, weights, scorerOf: make, rarest: rarestOf(rows) });
  return {
    scores,
    metrics: toMetrics(scores),
    intervals: toIntervals({ ...resampled, ...counted }),
  };
}

function countedIntervals(
  rows: JudgedRows,
  options: { readonly alpha: number; readonly rounds: number; readonly seed: number },
): ScoreIntervals {
  if (rows.task === 'regression') return {};
  const called = calledClasses(rows);
  if (rows.task === 'multiclass') {
    const cells = confusionCells(rows.truth, called, rows.weights, rows.classes.length);
    return countIntervals(cells, confusionScores, options);
  }
  const calls = positives({ ...rows, truth: called });
  return countIntervals(
    confusionCells(positives(rows), calls, rows.weights, 2),
    binaryConfusionScores,
    options,
  );
}

/** Share of the rarer outcome: of a class where the classes count alike, 1 where no outcome is rare. */
function rarestOf({ task, truth, weights, classes, isWeighted }: JudgedRows): number {
  if (task === 'regression' || (task === 'multiclass' && !isWeighted)) return 1;
  const held = new Float64Array(classes.length);
  for (let i = 0; i < truth.length; i += 1)
    if ((weights[i] as number) > 0) held[truth[i] as number] = (held[truth[i] as number] as number) + 1;
  return Math.min(...held.filter((rows) => rows > 0)) / truth.length;
}

export const toMetrics = (scores: Scores): Metrics =>
  Object.fromEntries(Object.entries(scores).map(([name, value]) => [name, toNumber(value)]));

export const toNumber = (value: number): number | null => (Number.isFinite(value) ? value : null);

export function toIntervals(found: ScoreIntervals): Intervals {
  const known = Object.entries(found).filter(
    ([name, { lower, upper }]) => lower !== null && upper !== null && !withoutInterval.has(name),
  );
  return Object.fromEntries(
    known.map(([name, { lower, upper, method }]) => [name, { low: lower, high: upper, method }]),
  );
}
