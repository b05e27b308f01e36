import type { Estimated } from './delta-method.ts';

/**
 * ROC AUC and its standard error (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44; with weights the same
 * projections, weights held as they are). NaN with one class only; the error also with a single row of a class.
 * @param truth n times 0 or 1. @param score n values, falling. @param weights n weights.
 */
export function aucWithError(truth: Float64Array, score: Float64Array, weights: Float64Array): Estimated {
  const groups = groupByScore(truth, score, weights);
  const total = { right: 0, wrong: 0 };
  for (const group of groups) {
    total.right += group.right;
    total.wrong += group.wrong;
  }
  if (total.right === 0 || total.wrong === 0) return { value: Number.NaN, error: Number.NaN };
  let [passed, area] = [0, 0];
  for (const group of groups) {
    area += group.wrong * (passed + group.right / 2);
    passed += group.right;
  }
  const value = area / (total.right * total.wrong);
  const error = Math.sqrt(projectedVariance(groups, value, total));
  return { value, error: error > 0 ? error : Number.NaN };
}

interface Group {
  right: number;
  wrong: number;
  squaredRight: number;
  squaredWrong: number;
  rightRows: number;
  wrongRows: number;
}

function groupByScore(truth: Float64Array, score: Float64Array, weights: Float64Array): Group[] {
  const groups: Group[] = [];
  let group: Group | undefined;
  for (let i = 0; i < truth.length; i += 1) {
    if (!group || score[i] !== score[i - 1]) {
      group = { right: 0, wrong: 0, squaredRight: 0, squaredWrong: 0, rightRows: 0, wrongRows: 0 };
      groups.push(group);
    }
    const weight = weights[i] as number;
    if (truth[i] === 1) {
      group.right += weight;
      group.squaredRight += weight * weight;
      group.rightRows += 1;
    } else {
      group.wrong += weight;
      group.squaredWrong += weight * weight;
      group.wrongRows += 1;
    }
  }
  return groups;
}

function projectedVariance(
  groups: readonly Group[],
  value: number,
  { right, wrong }: { readonly right: number; readonly wrong: number },
): number {
  let [above, below] = [0, 0];
  let [ofRight, ofWrong, rightRows, wrongRows] = [0, 0, 0, 0];
  for (const group of groups) {
    // Of a positive row: how much of the negatives lies below it; of a negative one: of the positives above.
    const beaten = (wrong - below - group.wrong / 2) / wrong;
    const beating = (above + group.right / 2) / right;
    ofRight += group.squaredRight * (beaten - value) ** 2;
    ofWrong += group.squaredWrong * (beating - value) ** 2;
    above += group.right;
    below += group.wrong;
    rightRows += group.rightRows;
    wrongRows += group.wrongRows;
  }
  const corrected = (sum: number, rows: number, total: number) =>
    (sum / (total * total)) * (rows / (rows - 1));
  return corrected(ofRight, rightRows, right) + corrected(ofWrong, wrongRows, wrong);
}
