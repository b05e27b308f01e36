/** Curves of scores, the confusion matrix, residuals. */
import type { ClassCurves, Confusion, Residuals } from '@tidemill/contract';
import { binaryScorer, sortByScore } from '../../../base/statistics/scores/binary-scores.ts';
import { classScores, confusionCells } from '../../../base/statistics/scores/confusion-scores.ts';
import { calibrationCurve, scoreCurve, thresholdCurve } from '../../../base/statistics/scores/curves.ts';
import { ascendingOrder, pick } from '../../../base/statistics/scores/order.ts';
import { quantileOfSorted } from '../../../base/statistics/summary.ts';
import { calledClasses, positives, toNumber } from './figures.ts';
import type { JudgedRows } from './rows.ts';

export const mostClasses = 20;
const bins = 40;
const mostPoints = 1000;
const shares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/** Of a score: one; of probabilities: each class that has a column against all others. */
export function curvesOf(rows: JudgedRows): ClassCurves[] {
  const { score, probabilities, classes } = rows;
  if (score) return [classCurves(rows, score, rows.positive)];
  if (!probabilities) return [];
  return probabilities
    .flatMap((column, k) => (column ? [[column, k] as const] : []))
    .slice(0, Math.min(mostClasses, classes.length))
    .map(([column, k]) => classCurves(rows, column, k));
}

function classCurves(rows: JudgedRows, score: Float64Array, positive: number): ClassCurves {
  return scoreCurves(rows.classes[positive] ?? '', positives({ truth: rows.truth, positive }), score, rows);
}

/** @param outcome n times 0 or 1 */
export function scoreCurves(
  name: string,
  outcome: Float64Array,
  score: Float64Array,
  { weights, threshold }: Pick<JudgedRows, 'weights' | 'threshold'>,
): ClassCurves {
  const sorted = sortByScore({ truth: outcome, score });
  const scores = binaryScorer({ truth: outcome, score, threshold })(weights);
  return {
    class: name,
    rocAuc: toNumber(scores.roc_auc ?? Number.NaN),
    averagePrecision: toNumber(scores.average_precision ?? Number.NaN),
    points: scoreCurve(sorted, weights),
    thresholds: thresholdCurve(sorted, weights),
    calibration: calibrationCurve(sorted, weights),
  };
}

export function confusionOf(rows: JudgedRows): Confusion | null {
  const { task, truth, weights, classes } = rows;
  if (task === 'regression') return null;
  const count = classes.length;
  const cells = confusionCells(truth, calledClasses(rows), weights, count);
  return {
    classes: [...classes],
    cells: classes.map((_, k) => [...cells.subarray(k * count, (k + 1) * count)]),
    perClass: classScores(cells).map((scores, k) => ({ class: classes[k] ?? '', ...scores })),
  };
}

/** Of the rows as they are, whatever they weigh. */
export function residualsOf({ task, truth, prediction }: JudgedRows): Residuals | null {
  if (task !== 'regression' || !prediction) return null;
  const errors = prediction.map((value, i) => value - (truth[i] as number));
  const sorted = pick(errors, ascendingOrder(errors));
  const order = ascendingOrder(prediction);
  return {
    quantiles: shares.map((share) => ({ share, value: quantileOfSorted(sorted, share) })),
    histogram: histogramOf(sorted),
    byPrediction: tenthsOf(order, truth, prediction),
    points: spread(order.length).map((rank) => {
      const row = order[rank] as number;
      return { truth: truth[row] as number, prediction: prediction[row] as number };
    }),
  };
}

function histogramOf(sorted: Float64Array): Residuals['histogram'] {
  const [low, high] = [quantileOfSorted(sorted, 0.005), quantileOfSorted(sorted, 0.995)];
  if (!(high > low)) return [{ from: low, to: high, rows: sorted.length }];
  const width = (high - low) / bins;
  const counts = new Float64Array(bins);
  for (const value of sorted) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((value - low) / width)));
    counts[bin] = (counts[bin] as number) + 1;
  }
  return Array.from(counts, (rows, i) => ({ from: low + i * width, to: low + (i + 1) * width, rows }));
}

function tenthsOf(
  order: Uint32Array,
  truth: Float64Array,
  prediction: Float64Array,
): Residuals['byPrediction'] {
  const parts = Math.min(10, order.length);
  return Array.from({ length: parts }, (_, part) => {
    const places = order.subarray(
      Math.floor((part * order.length) / parts),
      Math.floor(((part + 1) * order.length) / parts),
    );
    let [happened, predicted] = [0, 0];
    for (const row of places) {
      happened += truth[row] as number;
      predicted += prediction[row] as number;
    }
    return {
      from: prediction[places[0] as number] as number,
      to: prediction[places.at(-1) as number] as number,
      rows: places.length,
      meanTruth: happened / places.length,
      meanPrediction: predicted / places.length,
    };
  });
}

function spread(count: number): number[] {
  const size = Math.min(count, mostPoints);
  if (size < 2) return size === 1 ? [0] : [];
  return Array.from({ length: size }, (_, i) => Math.round((i * (count - 1)) / (size - 1)));
}
