import { assertSameLength } from '../assertions.ts';
import { meanScorer, type RowFigures } from './row-figures.ts';
import { ratio, type Scorer, type Scores } from './scorer.ts';

/** Rows that may have several labels at once: of each label a column. */
export interface LabelRows {
  /** A column a label, n times 0 or 1. */
  readonly truth: readonly Float64Array[];
  /** A column a label, n times 0 or 1: whether the row was called so. */
  readonly called: readonly Float64Array[];
  /** A column a label, n finite numbers; without them nothing is ranked. */
  readonly scores: readonly Float64Array[] | null;
}

const samples = [
  'hamming_loss',
  'subset_accuracy',
  'precision_samples',
  'recall_samples',
  'f1_samples',
  'jaccard_samples',
];
const ranks = ['label_ranking_average_precision', 'coverage_error', 'ranking_loss'];

/**
 * What is averaged over rows. A row without a label that was called none has precision, recall, f1 and jaccard 0.
 *
 * Sources: sklearn.metrics hamming_loss, accuracy_score, precision_recall_fscore_support and jaccard_score (average
 * samples, zero_division 0), label_ranking_average_precision_score, coverage_error, label_ranking_loss (of ties each
 * label has the worst rank).
 * @throws RangeError when empty or of unequal length
 */
export function labelFigures({ truth, called, scores }: LabelRows): RowFigures {
  const rows = truth[0]?.length ?? 0;
  if (rows === 0) throw new RangeError('truth has 0 values; at least 1 needed');
  for (const column of [...truth, ...called, ...(scores ?? [])])
    assertSameLength('a column', column, 'rows', { length: rows });
  const names = scores ? [...samples, ...ranks] : samples;
  const values = new Float64Array(rows * names.length);
  const labels = truth.length;
  for (let row = 0; row < rows; row += 1) {
    let [both, held, said] = [0, 0, 0];
    for (let k = 0; k < labels; k += 1) {
      const [is, isCalled] = [truth[k]?.[row] as number, called[k]?.[row] as number];
      both += is * isCalled;
      held += is;
      said += isCalled;
    }
    const wrong = held + said - 2 * both;
    const at = row * names.length;
    values[at] = wrong / labels;
    values[at + 1] = wrong === 0 ? 1 : 0;
    values[at + 2] = ratio(both, said);
    values[at + 3] = ratio(both, held);
    values[at + 4] = ratio(2 * both, held + said);
    values[at + 5] = ratio(both, held + said - both);
    if (scores) rankLabels(values, at + samples.length, truth, scores, row, held);
  }
  return { names, rows, values };
}

function rankLabels(
  to: Float64Array,
  at: number,
  truth: LabelRows['truth'],
  scores: readonly Float64Array[],
  row: number,
  held: number,
): void {
  const labels = truth.length;
  let [precision, deepest, disorder] = [0, 0, 0];
  for (let k = 0; k < labels; k += 1) {
    if (truth[k]?.[row] !== 1) continue;
    const own = scores[k]?.[row] as number;
    let [rank, amongHeld] = [0, 0];
    for (let other = 0; other < labels; other += 1) {
      if ((scores[other]?.[row] as number) < own) continue;
      rank += 1;
      amongHeld += truth[other]?.[row] as number;
    }
    precision += amongHeld / rank;
    deepest = Math.max(deepest, rank);
    disorder += rank - amongHeld;
  }
  const isOneSided = held === 0 || held === labels;
  to[at] = isOneSided ? 1 : precision / held;
  to[at + 1] = deepest;
  to[at + 2] = isOneSided ? 0 : disorder / (held * (labels - held));
}

/**
 * Every score of rows with several labels: the means of `figures`, and what is counted by label over all rows (micro),
 * averaged over labels (macro), or averaged by how often each is held (weighted; plain where none is held).
 *
 * Sources: sklearn.metrics precision_recall_fscore_support, jaccard_score (zero_division 0).
 * @returns makes a scorer of the rows at some places, or of all
 */
export function labelScorer(
  { truth, called }: LabelRows,
  figures: RowFigures,
): (places: Uint32Array | null) => Scorer {
  const [labels, rows] = [truth.length, figures.rows];
  const cells = new Uint8Array(rows * labels);
  for (let row = 0; row < rows; row += 1)
    for (let k = 0; k < labels; k += 1)
      cells[row * labels + k] = 2 * (truth[k]?.[row] as number) + (called[k]?.[row] as number);
  return (places) => {
    const means = meanScorer(figures, places);
    return (weights) => {
      const counts = new Float64Array(4 * labels);
      for (let i = 0; i < weights.length; i += 1) {
        const weight = weights[i] as number;
        if (weight === 0) continue;
        const start = (places ? (places[i] as number) : i) * labels;
        for (let k = 0; k < labels; k += 1) {
          const at = 4 * k + (cells[start + k] as number);
          counts[at] = (counts[at] as number) + weight;
        }
      }
      return { ...averages(counts, labels), ...means(weights) };
    };
  };
}

type Kind = 'precision' | 'recall' | 'f1' | 'jaccard';
type Counted = Readonly<Record<Kind, number>> & { readonly support: number };
const kinds: readonly Kind[] = ['precision', 'recall', 'f1', 'jaccard'];

const countedOf = (fp: number, fn: number, tp: number): Counted => ({
  precision: ratio(tp, tp + fp),
  recall: ratio(tp, tp + fn),
  f1: ratio(2 * tp, 2 * tp + fp + fn),
  jaccard: ratio(tp, tp + fp + fn),
  support: tp + fn,
});

function averages(counts: Float64Array, labels: number): Scores {
  const sums = new Float64Array(4);
  const each = Array.from({ length: labels }, (_, k) => {
    const [tn = 0, fp = 0, fn = 0, tp = 0] = counts.subarray(4 * k, 4 * k + 4);
    [tn, fp, fn, tp].forEach((count, i) => {
      sums[i] = (sums[i] as number) + count;
    });
    return countedOf(fp, fn, tp);
  });
  const micro = countedOf(sums[1] as number, sums[2] as number, sums[3] as number);
  const found: Record<string, number> = {};
  for (const kind of kinds) {
    const plain = each.reduce((sum, one) => sum + one[kind], 0) / labels;
    const weighted = each.reduce((sum, one) => sum + one.support * one[kind], 0);
    found[`${kind}_micro`] = micro[kind];
    found[`${kind}_macro`] = plain;
    found[`${kind}_weighted`] = micro.support === 0 ? plain : weighted / micro.support;
  }
  return found;
}
