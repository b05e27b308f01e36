import type { Estimated } from './delta-method.ts';
import { ascendingOrder } from './order.ts';

/**
 * The mean of the areas under the ROC curves of each class against all others (sklearn.metrics.roc_auc_score with
 * multi_class 'ovr' and the macro average), and its standard error: each row's influence on an area is its placement
 * (DeLong, DeLong and Clarke-Pearson 1988), and those on the mean are averaged, as one row tells of all classes at once;
 * weights are held as they are. NaN where a class has no row, or all rows.
 * @param truth n class numbers. @param probabilities a column of n for each class. @param weights n weights.
 */
export function ovrArea(
  truth: Float64Array,
  probabilities: readonly Float64Array[],
  weights: Float64Array,
): Estimated {
  const influence = new Float64Array(truth.length);
  let sum = 0;
  for (const [k, score] of probabilities.entries()) {
    const { area, placed, share } = placements(truth, k, score, weights);
    sum += area;
    for (let i = 0; i < influence.length; i += 1) {
      const side = truth[i] === k ? share : 1 - share;
      influence[i] = (influence[i] as number) + ((placed[i] as number) - area) / side;
    }
  }
  let [total, squares] = [0, 0];
  for (let i = 0; i < influence.length; i += 1) {
    const weight = weights[i] as number;
    total += weight;
    squares += (weight * (influence[i] as number)) ** 2;
  }
  const error = Math.sqrt(squares) / total / probabilities.length;
  return { value: sum / probabilities.length, error: error > 0 ? error : Number.NaN };
}

/** Of a row of the class the share of the others below it, of another row the share of the class above it; ties by half. */
function placements(truth: Float64Array, own: number, score: Float64Array, weights: Float64Array) {
  const order = ascendingOrder(score);
  const placed = new Float64Array(truth.length);
  let [positive, negative] = [0, 0];
  for (let i = 0; i < truth.length; i += 1) {
    if (truth[i] === own) positive += weights[i] as number;
    else negative += weights[i] as number;
  }
  let [below, passed, area] = [0, 0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    let [right, wrong] = [0, 0];
    while (end < order.length && score[order[end] as number] === score[order[start] as number]) {
      const row = order[end] as number;
      if (truth[row] === own) right += weights[row] as number;
      else wrong += weights[row] as number;
      end += 1;
    }
    for (let i = start; i < end; i += 1) {
      const row = order[i] as number;
      placed[row] =
        truth[row] === own ? (below + wrong / 2) / negative : (positive - passed - right / 2) / positive;
    }
    area += right * (below + wrong / 2);
    below += wrong;
    passed += right;
    start = end;
  }
  return { area: area / (positive * negative), placed, share: positive / (positive + negative) };
}
