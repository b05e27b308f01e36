import { addMoments, deltaMethod, type Estimated, emptyMoments, type MomentSums } from './delta-method.ts';

/** What is averaged over the rows of a slice, and what is made of the means. */
export interface SliceFigures {
  readonly figures: number;
  /** Writes the figures of a row. */
  readonly write: (row: number, to: Float64Array) => void;
  readonly scores: Readonly<Record<string, (means: Float64Array) => number>>;
}

export interface SliceScores {
  readonly rows: number;
  readonly weight: number;
  readonly scores: Readonly<Record<string, Estimated>>;
}

/**
 * Scores of each slice of a table that a column cuts, with standard errors by the delta method: one pass over the rows.
 * @param slices n slice numbers, 0 to count - 1; rows of another number (-1) are in no slice.
 */
export function sliceScores(
  slices: ArrayLike<number>,
  count: number,
  weights: Float64Array,
  { figures, write, scores }: SliceFigures,
): SliceScores[] {
  const moments = Array.from({ length: count }, () => emptyMoments(figures));
  const buffer = new Float64Array(figures);
  for (let row = 0; row < slices.length; row += 1) {
    const slice = moments[slices[row] as number];
    const weight = weights[row] as number;
    if (!slice || weight === 0) continue;
    write(row, buffer);
    addMoments(slice, buffer, weight);
  }
  return moments.map((slice) => ({
    rows: slice.rows,
    weight: slice.weight,
    scores: estimate(slice, scores),
  }));
}

function estimate(moments: MomentSums, scores: SliceFigures['scores']): Record<string, Estimated> {
  const unknown = { value: Number.NaN, error: Number.NaN };
  return Object.fromEntries(
    Object.entries(scores).map(([name, of]) => [name, moments.rows ? deltaMethod(moments, of) : unknown]),
  );
}

const of = (name: number) => (means: Float64Array) => means[name] as number;
const share = (part: number, whole: number): number => (whole > 0 ? part / whole : Number.NaN);

/** mae, rmse and bias of errors prediction - truth. */
export const regressionFigures = (errors: Float64Array): SliceFigures => ({
  figures: 3,
  write(row, to) {
    const error = errors[row] as number;
    to[0] = Math.abs(error);
    to[1] = error * error;
    to[2] = error;
  },
  scores: { mae: of(0), rmse: (means) => Math.sqrt(Math.max(0, means[1] as number)), bias: of(2) },
});

export interface BinaryLosses {
  readonly truth: Float64Array;
  readonly score: Float64Array;
  readonly loss: Float64Array;
  readonly threshold: number;
}

/** Precision, recall and f1 are NaN where nothing was called or held positive. */
export const binaryFigures = ({ truth, score, loss, threshold }: BinaryLosses): SliceFigures => ({
  figures: 7,
  write(row, to) {
    const [outcome, value] = [truth[row] as number, score[row] as number];
    const called = value >= threshold ? 1 : 0;
    to[0] = called * outcome;
    to[1] = called * (1 - outcome);
    to[2] = (1 - called) * outcome;
    to[3] = loss[row] as number;
    to[4] = (value - outcome) ** 2;
    to[5] = value;
    to[6] = outcome;
  },
  scores: {
    accuracy: ([, fp = 0, fn = 0]) => 1 - fp - fn,
    precision: ([tp = 0, fp = 0]) => share(tp, tp + fp),
    recall: ([tp = 0, , fn = 0]) => share(tp, tp + fn),
    f1: ([tp = 0, fp = 0, fn = 0]) => share(2 * tp, 2 * tp + fp + fn),
    log_loss: of(3),
    brier: of(4),
    prevalence: of(6),
    score_bias: (means) => (means[5] as number) - (means[6] as number),
  },
});

/** The same of classes that were called, 1 the positive one. */
export function calledFigures(truth: Float64Array, called: Float64Array): SliceFigures {
  const all = binaryFigures({ truth, score: called, loss: new Float64Array(truth.length), threshold: 1 });
  const names = ['accuracy', 'precision', 'recall', 'f1', 'prevalence'];
  return {
    ...all,
    scores: Object.fromEntries(Object.entries(all.scores).filter(([name]) => names.includes(name))),
  };
}

/** accuracy, and log_loss where there are losses. */
export const classFigures = (
  truth: Float64Array,
  called: Float64Array,
  loss: Float64Array | null,
): SliceFigures => ({
  figures: 2,
  write(row, to) {
    to[0] = truth[row] === called[row] ? 1 : 0;
    to[1] = loss?.[row] ?? 0;
  },
  scores: { accuracy: of(0), ...(loss && { log_loss: of(1) }) },
});
