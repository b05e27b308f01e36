import { assertSameLength } from '../assertions.ts';
import { smallestProbability } from './binary-scores.ts';
import { confusionCells, confusionScores } from './confusion-scores.ts';
import type { Scorer } from './scorer.ts';

export interface ClassRows {
  /** n class numbers, 0 to k - 1. */
  readonly truth: Float64Array;
  /** n class numbers. */
  readonly called: Float64Array;
  readonly classes: number;
  /** Per class n probabilities; classes without a column were never seen by the model and have probability 0. */
  readonly probabilities?: readonly (Float64Array | null)[] | undefined;
}

/**
 * Every score of a classifier of k classes: those of its confusion matrix and, where probabilities are given, log_loss
 * (sklearn.metrics.log_loss: clipped, taken as they are), top_2 and top_3 accuracy (top_k_accuracy_score: ties go to
 * the class of the higher number) and brier (mean squared distance to the outcome, sklearn's brier_score_loss of
 * several classes, not halved).
 * @throws RangeError when empty or of unequal length.
 */
export function classScorer({ truth, called, classes, probabilities }: ClassRows): Scorer {
  assertSameLength('truth', truth, 'called', called);
  if (truth.length === 0) throw new RangeError('truth has 0 values; at least 1 needed');
  const losses = probabilities ? probabilityLosses(truth, probabilities) : [];
  return (weights) => ({
    ...confusionScores(confusionCells(truth, called, weights, classes)),
    ...Object.fromEntries(losses.map(([name, values]) => [name, weightedMean(values, weights)])),
  });
}

export function weightedMean(values: Float64Array, weights: Float64Array): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    sum += (weights[i] as number) * (values[i] as number);
    total += weights[i] as number;
  }
  return sum / total;
}

type Losses = readonly (readonly [string, Float64Array])[];

/** Per row what is averaged. */
export function probabilityLosses(
  truth: Float64Array,
  probabilities: readonly (Float64Array | null)[],
): Losses {
  const rows = truth.length;
  const [log, squares, ranks] = [new Float64Array(rows), new Float64Array(rows), new Uint32Array(rows)];
  for (let i = 0; i < rows; i += 1) {
    const own = truth[i] as number;
    const given = probabilities[own]?.[i] ?? 0;
    log[i] = -Math.log(Math.min(1 - smallestProbability, Math.max(smallestProbability, given)));
    for (let k = 0; k < probabilities.length; k += 1) {
      const value = probabilities[k]?.[i] ?? 0;
      squares[i] = (squares[i] as number) + (k === own ? (1 - value) ** 2 : value * value);
      if (value > given || (value === given && k > own)) ranks[i] = (ranks[i] as number) + 1;
    }
  }
  const within = (k: number) => Float64Array.from(ranks, (rank) => (rank < k ? 1 : 0));
  const tops = [2, 3].filter((k) => k < probabilities.length);
  return [
    ['log_loss', log],
    ['brier', squares],
    ...tops.map((k) => [`top_${k}_accuracy`, within(k)] as const),
  ];
}
