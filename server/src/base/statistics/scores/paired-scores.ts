import { normalCdf, normalQuantileOfLog } from '../normal.ts';
import { ascendingOrder } from './order.ts';

export interface PairedScore {
  /** First less second; of errors and losses negative is better. */
  readonly difference: number;
  readonly interval: readonly [lower: number, upper: number];
  readonly pValue: number;
}

const reach = (alpha: number): number => normalQuantileOfLog(Math.log1p(-alpha / 2));

/** Two-sided, of a difference whose error is normal; no difference at all has p 1. */
function normalTest(difference: number, error: number, alpha: number): PairedScore {
  const interval = [difference - reach(alpha) * error, difference + reach(alpha) * error] as const;
  if (!(error > 0))
    return { difference, interval: [difference, difference], pValue: difference === 0 ? 1 : 0 };
  return { difference, interval, pValue: Math.min(1, 2 * normalCdf(-Math.abs(difference / error))) };
}

/**
 * Weighted mean of the differences of two losses on the same rows, its error by linearisation (weights held as they
 * are); for many rows.
 * @param differences n values. @param weights n weights.
 */
export function pairedMean(differences: Float64Array, weights: Float64Array, alpha: number): PairedScore {
  let [sum, total] = [0, 0];
  for (let i = 0; i < differences.length; i += 1) {
    sum += (weights[i] as number) * (differences[i] as number);
    total += weights[i] as number;
  }
  const mean = sum / total;
  let squares = 0;
  for (let i = 0; i < differences.length; i += 1)
    squares += ((weights[i] as number) * ((differences[i] as number) - mean)) ** 2;
  const rows = differences.length;
  return normalTest(mean, Math.sqrt((squares * rows) / Math.max(1, rows - 1)) / total, alpha);
}

/**
 * Error rates of two classifiers on the same rows, by the rows on which just one of them errs (McNemar 1947): the
 * p-value is that of the binomial, beyond 10,000 such rows of the normal with continuity correction; the interval is
 * Wald's of a paired difference.
 * @param onlyFirst rows on which only the first errs. @param rows all of them.
 */
export function mcnemar(onlyFirst: number, onlySecond: number, rows: number, alpha: number): PairedScore {
  const discordant = onlyFirst + onlySecond;
  const difference = (onlyFirst - onlySecond) / rows;
  const error = Math.sqrt(Math.max(0, discordant - (onlyFirst - onlySecond) ** 2 / rows)) / rows;
  const interval = [difference - reach(alpha) * error, difference + reach(alpha) * error] as const;
  return { difference, interval, pValue: binomialHalf(Math.min(onlyFirst, onlySecond), discordant) };
}

/** Two-sided probability of at most `fewer` of `count` fair coins. */
function binomialHalf(fewer: number, count: number): number {
  if (2 * fewer >= count) return 1;
  if (count > 10_000) return 2 * normalCdf((2 * fewer + 1 - count) / Math.sqrt(count));
  let [logTerm, sum] = [count * Math.log(0.5), 0];
  for (let k = 0; k <= fewer; k += 1) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((count - k) / (k + 1));
  }
  return Math.min(1, 2 * sum);
}

/**
 * Areas under the ROC curves of two scores of the same rows (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44): the
 * difference of each row's placements has the variance of the difference. Null with fewer than two rows of a class.
 * @param truth n times 0 or 1. @param first n scores. @param second n scores. The difference is first less second.
 */
export function delongTest(
  truth: Float64Array,
  first: Float64Array,
  second: Float64Array,
  alpha: number,
): PairedScore | null {
  const [a, b] = [placements(truth, first), placements(truth, second)];
  const moments = [0, 1].map((outcome) => {
    let [rows, sum, squares] = [0, 0, 0];
    for (let i = 0; i < truth.length; i += 1) {
      if (truth[i] !== outcome) continue;
      const difference = (a[i] as number) - (b[i] as number);
      rows += 1;
      sum += difference;
      squares += difference * difference;
    }
    const mean = sum / rows;
    return { rows, mean, variance: Math.max(0, squares - rows * mean * mean) / (rows - 1) };
  });
  const [wrong, right] = moments;
  if (!wrong || !right || wrong.rows < 2 || right.rows < 2) return null;
  const error = Math.sqrt(wrong.variance / wrong.rows + right.variance / right.rows);
  return normalTest(right.mean, error, alpha);
}

/** Of a row of class 1 the share of class 0 below it, of one of class 0 the share of class 1 above it; ties by half. */
function placements(truth: Float64Array, score: Float64Array): Float64Array {
  const order = ascendingOrder(score);
  const placed = new Float64Array(truth.length);
  let positives = 0;
  for (const value of truth) positives += value;
  const negatives = truth.length - positives;
  let [below, passed] = [0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    let [right, wrong] = [0, 0];
    while (end < order.length && score[order[end] as number] === score[order[start] as number]) {
      if (truth[order[end] as number] === 1) right += 1;
      else wrong += 1;
      end += 1;
    }
    for (let i = start; i < end; i += 1) {
      const row = order[i] as number;
      placed[row] =
        truth[row] === 1 ? (below + wrong / 2) / negatives : (positives - passed - right / 2) / positives;
    }
    below += wrong;
    passed += right;
    start = end;
  }
  return placed;
}
