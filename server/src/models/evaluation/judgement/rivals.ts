/** Others judged on the same rows, and whether the candidate is better beyond chance. */
import type { Comparison, Evaluation } from '@tidemill/contract';
import { pairedTest } from '../../../base/statistics/paired-test.ts';
import { createRandom } from '../../../base/statistics/random.ts';
import { logLoss } from '../../../base/statistics/scores/binary-scores.ts';
import { probabilityLosses } from '../../../base/statistics/scores/class-scores.ts';
import {
  delongTest,
  mcnemar,
  type PairedScore,
  pairedMean,
} from '../../../base/statistics/scores/paired-scores.ts';
import { calledClasses, positives, scorerOf, toMetrics } from './figures.ts';
import type { RowComparison } from './judgement.ts';
import type { JudgedRows } from './rows.ts';

type Judged = Evaluation['naive'][number];

/** Up to so many rows the sign-flip test, whose p-value holds for any distribution. */
const mostFlipped = 5000;

/** The same rows with another's predictions. */
export type RivalRows = Pick<JudgedRows, 'prediction' | 'score' | 'probabilities'> &
  Partial<Pick<JudgedRows, 'values'>>;

export const rivalMetrics = (rows: JudgedRows, rival: RivalRows): Judged['metrics'] =>
  toMetrics(scorerOf({ ...rows, ...rival, bounds: null, forecastQuantiles: [] })(null)(rows.weights));

/** Every paired test that both allow; the first is what decides. */
export function compareWith(rows: JudgedRows, rival: RivalRows, against: string): RowComparison[] {
  const other = { ...rows, ...rival };
  const found: RowComparison[] = [];
  const add = (metric: string, test: string, score: PairedScore | null) => {
    if (score)
      found.push({
        against,
        metric,
        test,
        ...toComparison(score, { alpha: rows.alpha, rows: rows.truth.length }),
      });
  };
  if (rows.task === 'regression') {
    const losses = [rows, other].map(({ prediction, truth }) =>
      (prediction as Float64Array).map((value, i) => Math.abs(value - (truth[i] as number))),
    );
    const [test, score] = comparedLosses(rows, losses[0] as Float64Array, losses[1] as Float64Array);
    add('mae', test, score);
    return found;
  }
  if (rows.score && other.score && !rows.isWeighted) {
    const outcome = positives(rows);
    // 1 - AUC is the loss: the other's area less the candidate's.
    add('roc_auc', 'delong', delongTest(outcome, other.score, rows.score, rows.alpha));
  }
  const [own, theirs] = [probabilityLoss(rows), probabilityLoss(other)];
  if (own && theirs) {
    const [test, score] = comparedLosses(rows, own, theirs);
    add('log_loss', test, score);
  }
  const [errors, otherErrors] = [errorsOf(rows), errorsOf(other)];
  if (rows.isWeighted)
    add('accuracy', 'paired-z', pairedMean(minus(errors, otherErrors), rows.weights, rows.alpha));
  else {
    let [onlyOwn, onlyOther] = [0, 0];
    errors.forEach((error, i) => {
      if (error > (otherErrors[i] as number)) onlyOwn += 1;
      if (error < (otherErrors[i] as number)) onlyOther += 1;
    });
    add('accuracy', 'mcnemar', mcnemar(onlyOwn, onlyOther, errors.length, rows.alpha));
  }
  return found;
}

const minus = (a: Float64Array, b: Float64Array): Float64Array =>
  a.map((value, i) => value - (b[i] as number));

const errorsOf = (rows: JudgedRows): Float64Array => {
  const called = calledClasses(rows);
  return rows.truth.map((value, i) => (value === called[i] ? 0 : 1));
};

function probabilityLoss(rows: JudgedRows): Float64Array | null {
  const { score, probabilities, truth } = rows;
  if (score) return positives(rows).map((value, i) => logLoss(value, score[i] as number));
  return probabilities ? (probabilityLosses(truth, probabilities)[0]?.[1] ?? null) : null;
}

type Compared = Pick<JudgedRows, 'weights' | 'isWeighted' | 'alpha' | 'seed'>;

export function comparedLosses(
  { weights, isWeighted, alpha, seed }: Compared,
  own: Float64Array,
  theirs: Float64Array,
): [test: string, score: PairedScore] {
  const differences = minus(own, theirs);
  if (isWeighted || differences.length > mostFlipped)
    return ['paired-z', pairedMean(differences, weights, alpha)];
  const { meanDifference, interval, pValue } = pairedTest({
    a: differences,
    b: new Float64Array(differences.length),
    alpha,
    random: createRandom(seed),
  });
  const { interval: normal } = pairedMean(differences, weights, alpha);
  const [low, high] = [interval.lower, interval.upper];
  // Too few rows to exclude anything give an infinite interval, which JSON has not.
  const isBounded = Number.isFinite(low) && Number.isFinite(high);
  return ['sign-flip', { difference: meanDifference, interval: isBounded ? [low, high] : normal, pValue }];
}

export function toComparison(
  { difference, interval, pValue }: PairedScore,
  { alpha, rows }: { readonly alpha: number; readonly rows: number },
): Comparison {
  const isDecided = pValue <= alpha && difference !== 0;
  return {
    verdict: !isDecided ? 'inconclusive' : difference < 0 ? 'candidate-better' : 'candidate-worse',
    pairs: rows,
    meanDifference: difference,
    interval: [...interval],
    pValue,
  };
}

/** Rules that know no feature, from the labels of these very rows: as good as a constant can be on them. */
export function judgeNaive(rows: JudgedRows): Judged[] {
  const { task, truth, weights, classes } = rows;
  const whole = (value: number) => new Float64Array(truth.length).fill(value);
  const judged = (name: string, rival: RivalRows): Judged => ({ name, metrics: rivalMetrics(rows, rival) });
  const none = { prediction: null, score: null, probabilities: null };
  if (task === 'regression') {
    const sorted = truth.slice().sort();
    const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? 0, sorted[sorted.length >> 1] ?? 0];
    let [sum, total] = [0, 0];
    truth.forEach((value, i) => {
      sum += value * (weights[i] as number);
      total += weights[i] as number;
    });
    const before = truth.map((value, i) => (i === 0 ? value : (truth[i - 1] as number)));
    return [
      judged('mean', { ...none, prediction: whole(sum / total) }),
      judged('median', { ...none, prediction: whole((low + high) / 2) }),
      ...(rows.isInOrder ? [judged('last', { ...none, prediction: before })] : []),
    ];
  }
  const held = new Float64Array(classes.length);
  let total = 0;
  truth.forEach((code, i) => {
    held[code] = (held[code] as number) + (weights[i] as number);
    total += weights[i] as number;
  });
  const shares = held.map((weight) => weight / total);
  const majority = shares.indexOf(Math.max(...shares));
  const prior: RivalRows =
    task === 'binary'
      ? { ...none, score: whole(shares[rows.positive] as number) }
      : { ...none, probabilities: Array.from(shares, whole) };
  return [judged('majority', { ...none, prediction: whole(majority) }), judged('prior', prior)];
}
