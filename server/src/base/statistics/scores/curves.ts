import { calibrationBin, type SortedRows } from './binary-scores.ts';

const mostPoints = 200;

export interface CurvePoint {
  readonly threshold: number;
  readonly truePositiveRate: number | null;
  readonly falsePositiveRate: number | null;
  readonly precision: number | null;
}

/**
 * ROC and precision-recall curve (sklearn.metrics.roc_curve and precision_recall_curve at the same thresholds), of at
 * most about 200 scores, evenly spread over the ranks; the first and the last one included.
 */
export function scoreCurve({ order, truth, score, ends }: SortedRows, weights: Float64Array): CurvePoint[] {
  const [right, wrong] = [new Float64Array(ends.length), new Float64Array(ends.length)];
  let [tp, fp, start] = [0, 0, 0];
  ends.forEach((end, group) => {
    for (let i = start; i < end; i += 1) {
      const weight = weights[order[i] as number] as number;
      if (truth[i] === 1) tp += weight;
      else fp += weight;
    }
    [right[group], wrong[group], start] = [tp, fp, end];
  });
  const part = (value: number, whole: number) => (whole > 0 ? value / whole : null);
  return spread(ends.length).map((group) => ({
    threshold: score[(ends[group] as number) - 1] as number,
    truePositiveRate: part(right[group] as number, tp),
    falsePositiveRate: part(wrong[group] as number, fp),
    precision: part(right[group] as number, (right[group] as number) + (wrong[group] as number)),
  }));
}

function spread(count: number): number[] {
  const step = Math.max(1, (count - 1) / (mostPoints - 1));
  const steps = Math.min(count, mostPoints);
  return [...new Set(Array.from({ length: steps }, (_, i) => Math.min(count - 1, Math.round(i * step))))];
}

export interface ThresholdPoint {
  readonly threshold: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly accuracy: number;
  /** Share of the rows that are called positive. */
  readonly called: number;
}

/** What each of 101 thresholds from 0 to 1 would call. */
export function thresholdCurve({ order, truth, score }: SortedRows, weights: Float64Array): ThresholdPoint[] {
  const [right, wrong] = [new Float64Array(101), new Float64Array(101)];
  let [positive, total] = [0, 0];
  for (let i = 0; i < order.length; i += 1) {
    const weight = weights[order[i] as number] as number;
    const value = score[i] as number;
    total += weight;
    let step = Math.min(100, Math.floor(value * 100) + 1);
    while (step / 100 > value) step -= 1;
    const side = truth[i] === 1 ? right : wrong;
    positive += truth[i] === 1 ? weight : 0;
    side[step] = (side[step] as number) + weight;
  }
  const points: ThresholdPoint[] = [];
  let [tp, fp] = [0, 0];
  const part = (value: number, whole: number) => (whole > 0 ? value / whole : null);
  for (let step = 100; step >= 0; step -= 1) {
    tp += right[step] as number;
    fp += wrong[step] as number;
    points.push({
      threshold: step / 100,
      precision: part(tp, tp + fp),
      recall: part(tp, positive),
      f1: part(2 * tp, tp + fp + positive),
      accuracy: (tp + (total - positive - fp)) / total,
      called: (tp + fp) / total,
    });
  }
  return points.reverse();
}

export interface CalibrationPoint {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly meanScore: number;
  /** Share of positives. */
  readonly rate: number;
}

/** sklearn.calibration.calibration_curve with ten uniform bins; empty ones are left out. */
export function calibrationCurve(
  { order, truth, score }: SortedRows,
  weights: Float64Array,
): CalibrationPoint[] {
  const array = () => new Float64Array(10);
  const [rows, total, scores, positive] = [array(), array(), array(), array()];
  for (let i = 0; i < order.length; i += 1) {
    const weight = weights[order[i] as number] as number;
    const bin = calibrationBin(score[i] as number);
    rows[bin] = (rows[bin] as number) + 1;
    total[bin] = (total[bin] as number) + weight;
    scores[bin] = (scores[bin] as number) + weight * (score[i] as number);
    positive[bin] = (positive[bin] as number) + weight * (truth[i] as number);
  }
  return Array.from(rows, (count, bin) => ({
    from: bin / 10,
    to: (bin + 1) / 10,
    rows: count,
    meanScore: (scores[bin] as number) / (total[bin] as number),
    rate: (positive[bin] as number) / (total[bin] as number),
  })).filter(({ rate }) => Number.isFinite(rate));
}
