import type { FeatureMatrix } from './learner.ts';
import { assertSameColumns, toFloat32Columns } from './learner-input.ts';

/** One tree, node by node; node 0 is the root. */
export interface RegressionTree {
  /** Column a node asks about, -1 for a leaf. */
  readonly feature: Int32Array;
  /** Left when the value is missing or at most this. */
  readonly threshold: Float32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** A leaf's share of the prediction, learning rate included. */
  readonly value: Float32Array;
}

/** `base` plus one leaf of every tree, clipped to [lowest, highest]. */
export interface TreeEnsemble {
  readonly names: readonly string[];
  readonly base: number;
  readonly lowest: number;
  readonly highest: number;
  readonly trees: readonly RegressionTree[];
}

/** So few rows that their columns stay in the processor's cache for all the trees. */
const BLOCK_ROWS = 2048;

/**
 * Sums in float32 and tree by tree, as onnxruntime does on one thread: what is evaluated here is
 * what gets served, to the last bit.
 */
export function predictTrees(model: TreeEnsemble, features: FeatureMatrix): Float64Array {
  assertSameColumns(features, model.names);
  const columns = toFloat32Columns(features);
  const predicted = new Float64Array(features.rows);
  for (let start = 0; start < features.rows; start += BLOCK_ROWS) {
    const end = Math.min(features.rows, start + BLOCK_ROWS);
    for (const tree of model.trees) addTree(tree, columns, predicted, start, end);
  }
  for (let row = 0; row < predicted.length; row++) {
    predicted[row] = Math.min(
      model.highest,
      Math.max(model.lowest, Math.fround((predicted[row] ?? 0) + model.base)),
    );
  }
  return predicted;
}

function addTree(
  tree: RegressionTree,
  columns: readonly Float32Array[],
  predicted: Float64Array,
  start: number,
  end: number,
): void {
  for (let row = start; row < end; row++) {
    let node = 0;
    let feature = tree.feature[0] ?? -1;
    while (feature >= 0) {
      const value = columns[feature]?.[row] ?? Number.NaN;
      // Asked the other way round so that NaN goes left.
      node = (value > (tree.threshold[node] ?? 0) ? tree.right[node] : tree.left[node]) ?? 0;
      feature = tree.feature[node] ?? -1;
    }
    predicted[row] = Math.fround((predicted[row] ?? 0) + (tree.value[node] ?? 0));
  }
}
