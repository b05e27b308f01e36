import { assertFinite, assertSameLength } from '../assertions.ts';
import { binaryConfusionScores } from './confusion-scores.ts';
import { ascendingOrder } from './order.ts';
import type { Scorer, Scores } from './scorer.ts';

/** Smallest probability a log loss is taken of (numpy.finfo(float64).eps, as scikit-learn clips). */
export const smallestProbability = 2 ** -52;
const calibrationBins = 10;

export interface BinaryRows {
  /** n times 0 or 1. */
  readonly truth: Float64Array;
  /** n probabilities of 1, in [0, 1]. */
  readonly score: Float64Array;
  /** A row is called 1 where its score is at least this. */
  readonly threshold: number;
}

/** Rows by falling score; rows of one score form a group. */
export interface SortedRows {
  readonly order: Uint32Array;
  readonly truth: Uint8Array;
  readonly score: Float64Array;
  /** Place behind the last row of each group, ascending. */
  readonly ends: Uint32Array;
}

/** Negated log of the probability that was given to what happened, clipped as scikit-learn clips. */
export const logLoss = (truth: number, score: number): number => {
  const given = truth === 1 ? score : 1 - score;
  return -Math.log(Math.min(1 - smallestProbability, Math.max(smallestProbability, given)));
};

/** @throws RangeError when empty, of unequal length, or with a value out of its range; it names the index. */
export function sortByScore({ truth, score }: Pick<BinaryRows, 'truth' | 'score'>): SortedRows {
  assertSameLength('truth', truth, 'score', score);
  assertFinite('score', score);
  if (truth.length === 0) throw new RangeError('truth has 0 values; at least 1 needed');
  const order = ascendingOrder(score).reverse();
  const sorted = { truth: new Uint8Array(order.length), score: new Float64Array(order.length) };
  const ends: number[] = [];
  for (let i = 0; i < order.length; i += 1) {
    const row = order[i] ?? 0;
    const [outcome, value] = [truth[row] ?? Number.NaN, score[row] ?? Number.NaN];
    if (outcome !== 0 && outcome !== 1)
      throw new RangeError(`truth[${row}] is ${outcome}; it must be 0 or 1`);
    if (value < 0 || value > 1) throw new RangeError(`score[${row}] is ${value}; it must lie in [0, 1]`);
    sorted.truth[i] = outcome;
    sorted.score[i] = value;
    if (i > 0 && value !== sorted.score[i - 1]) ends.push(i);
  }
  ends.push(order.length);
  return { order, ...sorted, ends: Uint32Array.from(ends) };
}

/**
 * Every score of a binary classifier in one pass over the rows by falling score.
 *
 * Sources: sklearn.metrics roc_auc_score (ties by half), average_precision_score (steps, not trapezes), log_loss,
 * brier_score_loss, d2_brier_score, d2_log_loss_score; Kolmogorov-Smirnov's distance of the two classes' scores;
 * expected calibration error over ten equal bins (Naeini 2015), with sklearn.calibration.calibration_curve's borders;
 * score_bias, mean score less prevalence; Murphy's parts of the Brier score over the same ten bins (1973, J. Appl. Meteor.
 * 12): reliability - resolution + uncertainty is the Brier score where the scores of a bin are all one, and differs from
 * it by what they vary within the bins otherwise (Stephenson, Coelho and Jolliffe 2008). With one class only roc_auc, ks and both d2 are NaN, as scikit-learn's; the
 * average precision is 0 without a positive row.
 */
export function binaryScorer({ truth, score, threshold }: BinaryRows): Scorer {
  const rows = sortByScore({ truth, score });
  const losses = Float64Array.from(rows.score, (value, i) => logLoss(rows.truth[i] ?? 0, value));
  const bins = Uint8Array.from(rows.score, calibrationBin);
  const called = countCalled(rows.score, threshold);
  return (weights) => {
    const sums = sumLosses(rows, losses, bins, weights);
    const { cells, ...ranked } = sumRanks(rows, called, weights);
    return { ...binaryConfusionScores(cells), ...ranked, ...sums };
  };
}

/** Right-closed bins with borders at tenths; 0 belongs to the first (numpy.searchsorted on the inner borders). */
export function calibrationBin(score: number): number {
  const guess = Math.min(calibrationBins - 1, Math.floor(score * calibrationBins));
  return guess > 0 && score <= guess / calibrationBins ? guess - 1 : guess;
}

function countCalled(falling: Float64Array, threshold: number): number {
  const first = falling.findIndex((value) => value < threshold);
  return first < 0 ? falling.length : first;
}

function sumLosses(
  { order, truth, score }: SortedRows,
  losses: Float64Array,
  bins: Uint8Array,
  weights: Float64Array,
): Scores {
  const gaps = new Float64Array(calibrationBins);
  const [held, happened] = [new Float64Array(calibrationBins), new Float64Array(calibrationBins)];
  let [total, positive, loss, squares, scores] = [0, 0, 0, 0, 0];
  for (let i = 0; i < order.length; i += 1) {
    const weight = weights[order[i] as number] as number;
    const [outcome, value] = [truth[i] as number, score[i] as number];
    const miss = value - outcome;
    total += weight;
    positive += weight * outcome;
    loss += weight * (losses[i] as number);
    squares += weight * miss * miss;
    scores += weight * value;
    const bin = bins[i] as number;
    gaps[bin] = (gaps[bin] as number) + weight * miss;
    held[bin] = (held[bin] as number) + weight;
    happened[bin] = (happened[bin] as number) + weight * outcome;
  }
  const rate = positive / total;
  const isOneClass = rate <= 0 || rate >= 1;
  const entropy = isOneClass ? Number.NaN : -(rate * Math.log(rate) + (1 - rate) * Math.log(1 - rate));
  return {
    log_loss: loss / total,
    d2_log_loss: 1 - loss / total / entropy,
    brier: squares / total,
    d2_brier: isOneClass ? Number.NaN : 1 - squares / total / (rate * (1 - rate)),
    calibration_error: gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total,
    score_bias: (scores - positive) / total,
    ...brierParts(gaps, held, happened, rate),
  };
}

/** Per bin the sums of weights, of what happened, and of score less what happened. */
function brierParts(gaps: Float64Array, held: Float64Array, happened: Float64Array, rate: number): Scores {
  let [reliability, resolution, total] = [0, 0, 0];
  for (let bin = 0; bin < calibrationBins; bin += 1) {
    const weight = held[bin] as number;
    if (weight === 0) continue;
    total += weight;
    reliability += (gaps[bin] as number) ** 2 / weight;
    resolution += weight * ((happened[bin] as number) / weight - rate) ** 2;
  }
  return {
    brier_reliability: reliability / total,
    brier_resolution: resolution / total,
    brier_uncertainty: rate * (1 - rate),
  };
}

function sumRanks({ order, truth, ends }: SortedRows, called: number, weights: Float64Array) {
  let [tp, fp, area, precision, gap] = [0, 0, 0, 0, 0];
  let start = 0;
  const cells = new Float64Array(4);
  // Distances of the two classes need their totals, which the first pass brings.
  let [positive, negative] = [0, 0];
  for (let i = 0; i < order.length; i += 1) {
    const weight = weights[order[i] as number] as number;
    if (truth[i] === 1) positive += weight;
    else negative += weight;
  }
  for (let group = 0; group < ends.length; group += 1) {
    const end = ends[group] as number;
    let [right, wrong] = [0, 0];
    for (let i = start; i < end; i += 1) {
      const weight = weights[order[i] as number] as number;
      if (truth[i] === 1) right += weight;
      else wrong += weight;
    }
    start = end;
    area += wrong * (tp + right / 2);
    tp += right;
    fp += wrong;
    if (right > 0) precision += (right * tp) / (tp + fp);
    const distance = Math.abs(tp / positive - fp / negative);
    if (distance > gap) gap = distance;
    if (end === called) cells.set([0, fp, 0, tp]);
  }
  cells[2] = positive - (cells[3] as number);
  cells[0] = negative - (cells[1] as number);
  const isOneClass = positive === 0 || negative === 0;
  return {
    cells,
    roc_auc: isOneClass ? Number.NaN : area / (positive * negative),
    average_precision: positive === 0 ? 0 : precision / positive,
    ks: isOneClass ? Number.NaN : gap,
  };
}
