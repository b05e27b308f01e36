import { ratio, type Scores } from './scorer.ts';

/**
 * Weighted confusion matrix (sklearn.metrics.confusion_matrix), row-major: cell t * k + p is the weight of the rows of
 * class t that were called p.
 * @param truth n class numbers, 0 to k - 1. @param called n class numbers. @param weights n weights.
 */
export function confusionCells(
  truth: ArrayLike<number>,
  called: ArrayLike<number>,
  weights: ArrayLike<number>,
  classes: number,
): Float64Array {
  const cells = new Float64Array(classes * classes);
  for (let i = 0; i < truth.length; i += 1) {
    const cell = (truth[i] ?? 0) * classes + (called[i] ?? 0);
    cells[cell] = (cells[cell] ?? 0) + (weights[i] ?? 0);
  }
  return cells;
}

export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Weight of the rows of this class, and of those called so. */
  readonly support: number;
  readonly called: number;
}

/** Per class (sklearn.metrics.precision_recall_fscore_support with zero_division 0). */
export function classScores(cells: Float64Array): ClassScores[] {
  const classes = Math.sqrt(cells.length);
  return Array.from({ length: classes }, (_, k) => {
    let support = 0;
    let called = 0;
    for (let other = 0; other < classes; other += 1) {
      support += cells[k * classes + other] ?? 0;
      called += cells[other * classes + k] ?? 0;
    }
    const right = cells[k * classes + k] ?? 0;
    return {
      precision: ratio(right, called),
      recall: ratio(right, support),
      f1: ratio(2 * right, support + called),
      support,
      called,
    };
  });
}

/**
 * What a confusion matrix of k >= 2 classes says, as scikit-learn does with its defaults: a class that was never
 * called has precision 0. Where nothing at all is left to divide by, Cohen's kappa is NaN.
 *
 * Sources: sklearn.metrics accuracy_score, balanced_accuracy_score, matthews_corrcoef (Gorodkin 2004),
 * cohen_kappa_score, precision_recall_fscore_support (average macro and weighted; micro is the accuracy).
 */
export function confusionScores(cells: Float64Array): Scores {
  const each = classScores(cells);
  const seen = each.filter(({ support, called }) => support > 0 || called > 0);
  const held = each.filter(({ support }) => support > 0);
  const average = (of: readonly ClassScores[], value: (one: ClassScores) => number) =>
    ratio(
      of.reduce((sum, one) => sum + value(one), 0),
      of.length,
    );
  const total = each.reduce((sum, one) => sum + one.support, 0);
  const weighted = (value: (one: ClassScores) => number) =>
    ratio(
      each.reduce((sum, one) => sum + one.support * value(one), 0),
      total,
    );
  const right = trace(cells, each.length);
  return {
    accuracy: ratio(right, total),
    balanced_accuracy: average(held, ({ recall }) => recall),
    matthews_corrcoef: matthews(each, right, total),
    cohen_kappa: kappa(each, right, total),
    precision_macro: average(seen, ({ precision }) => precision),
    recall_macro: average(seen, ({ recall }) => recall),
    f1_macro: average(seen, ({ f1 }) => f1),
    precision_weighted: weighted(({ precision }) => precision),
    recall_weighted: weighted(({ recall }) => recall),
    f1_weighted: weighted(({ f1 }) => f1),
  };
}

function trace(cells: Float64Array, classes: number): number {
  let right = 0;
  for (let k = 0; k < classes; k += 1) right += cells[k * classes + k] ?? 0;
  return right;
}

function matthews(each: readonly ClassScores[], right: number, total: number): number {
  let [both, called, held] = [0, 0, 0];
  for (const one of each) {
    both += one.support * one.called;
    called += one.called * one.called;
    held += one.support * one.support;
  }
  const spread = (total * total - called) * (total * total - held);
  return spread <= 0 ? 0 : (right * total - both) / Math.sqrt(spread);
}

function kappa(each: readonly ClassScores[], right: number, total: number): number {
  const expected = each.reduce((sum, { support, called }) => sum + support * called, 0) / total;
  return ratio(right - expected, total - expected, Number.NaN);
}

/**
 * What two classes say beyond that; class 1 is the positive one. Sources: sklearn.metrics precision_score,
 * recall_score, f1_score, fbeta_score, jaccard_score, class_likelihood_ratios (NaN where it divides by 0); specificity
 * and negative predictive value are recall and precision of class 0.
 * @param cells [true negatives, false positives, false negatives, true positives]
 */
export function binaryConfusionScores(cells: Float64Array): Scores {
  const [tn = 0, fp = 0, fn = 0, tp = 0] = cells;
  const recall = ratio(tp, tp + fn);
  const specificity = ratio(tn, tn + fp);
  const isOneSided = tp + fn === 0 || tn + fp === 0;
  return {
    ...confusionScores(cells),
    precision: ratio(tp, tp + fp),
    recall,
    f1: ratio(2 * tp, 2 * tp + fp + fn),
    f2: ratio(5 * tp, 5 * tp + fp + 4 * fn),
    f_half: ratio(1.25 * tp, 1.25 * tp + fp + 0.25 * fn),
    jaccard: ratio(tp, tp + fp + fn),
    specificity,
    negative_predictive_value: ratio(tn, tn + fn),
    false_positive_rate: ratio(fp, fp + tn),
    false_negative_rate: ratio(fn, fn + tp),
    positive_likelihood_ratio: isOneSided ? Number.NaN : ratio(recall, 1 - specificity, Number.NaN),
    negative_likelihood_ratio: isOneSided ? Number.NaN : ratio(1 - recall, specificity, Number.NaN),
    prevalence: (tp + fn) / (tn + fp + fn + tp),
    predicted_positive_rate: (tp + fp) / (tn + fp + fn + tp),
  };
}
