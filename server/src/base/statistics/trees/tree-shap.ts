import { type DecisionTree, type FeatureColumns, nextNode, type TreeEnsemble } from './decision-tree.ts';

export interface TreeShap {
  /** One an output: what the ensemble gives when no feature is known. */
  readonly base: Float64Array;
  /** Attributions of one row: features by outputs, row-major, in an array that the next call overwrites. */
  explain(row: number): Float64Array;
}

/** Share of a node's cover that a child has; of a node that no row reached each child has half. */
const shareOf = (cover: Float64Array, child: number, node: number): number =>
  (cover[node] as number) > 0 ? (cover[child] as number) / (cover[node] as number) : 0.5;

/**
 * Exact Shapley values of a sum of decision trees, path-dependent: a feature that is not known sends a row to both
 * children, weighted by their cover. Time per row and tree is leaves times squared depth.
 *
 * For each row and output, base + sum of the attributions = what the ensemble gives.
 *
 * Source: Lundberg, Erion and Lee (2018), "Consistent individualized feature attribution for tree ensembles",
 * algorithm 2; `shap.TreeExplainer` with feature_perturbation 'tree_path_dependent'.
 * @param columns of features as the ensemble compares them (`comparedColumns`).
 * @param covers an array a tree, one count a node (`countCover`).
 */
export function treeShap(
  { trees, outputs, base }: TreeEnsemble,
  columns: FeatureColumns,
  covers: readonly Float64Array[],
): TreeShap {
  const depth = Math.max(0, ...trees.map((tree) => depthOf(tree, 0)));
  const path = new Path(depth + 2);
  const attributions = new Float64Array(columns.length * outputs);
  const expected = base.slice();
  for (const [t, tree] of trees.entries()) addExpected(tree, covers[t] as Float64Array, 0, 1, expected);
  return {
    base: expected,
    explain(row) {
      attributions.fill(0);
      trees.forEach((tree, t) => {
        const walk = { tree, cover: covers[t] as Float64Array, columns, row, outputs, attributions, path };
        descend(walk, 0, 0, 0, { feature: -1, zero: 1, one: 1 });
      });
      return attributions;
    },
  };
}

function depthOf(tree: DecisionTree, node: number): number {
  if ((tree.feature[node] as number) < 0) return 0;
  return (
    1 + Math.max(depthOf(tree, tree.whenTrue[node] as number), depthOf(tree, tree.whenFalse[node] as number))
  );
}

function addExpected(
  tree: DecisionTree,
  cover: Float64Array,
  node: number,
  weight: number,
  to: Float64Array,
): void {
  if ((tree.feature[node] as number) < 0) {
    for (let k = 0; k < to.length; k += 1)
      to[k] = (to[k] as number) + weight * (tree.value[node * to.length + k] as number);
    return;
  }
  for (const child of [tree.whenTrue[node] as number, tree.whenFalse[node] as number])
    addExpected(tree, cover, child, weight * shareOf(cover, child, node), to);
}

/** Of a split on the way: the share of ways through it where its feature is unknown, and where it is known. */
interface Split {
  readonly feature: number;
  readonly zero: number;
  readonly one: number;
}

/** The splits on the way to a node, and the weights of the subsets of each size; a copy a level. */
class Path {
  readonly feature: Int32Array;
  readonly zero: Float64Array;
  readonly one: Float64Array;
  readonly weight: Float64Array;
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
    this.feature = new Int32Array(width * width);
    this.zero = new Float64Array(width * width);
    this.one = new Float64Array(width * width);
    this.weight = new Float64Array(width * width);
  }

  /** Where the path of the next level starts: a copy of this one's first `length` splits. */
  copy(start: number, length: number): number {
    const next = start + this.#width;
    for (const array of [this.feature, this.zero, this.one, this.weight])
      array.copyWithin(next, start, start + length);
    return next;
  }

  /** Adds a split as the one of number `depth`. */
  extend(start: number, depth: number, { feature, zero, one }: Split): void {
    const { weight } = this;
    this.feature[start + depth] = feature;
    this.zero[start + depth] = zero;
    this.one[start + depth] = one;
    weight[start + depth] = depth === 0 ? 1 : 0;
    for (let i = depth - 1; i >= 0; i -= 1) {
      const own = weight[start + i] as number;
      weight[start + i + 1] = (weight[start + i + 1] as number) + (one * own * (i + 1)) / (depth + 1);
      weight[start + i] = (zero * own * (depth - i)) / (depth + 1);
    }
  }

  /** Takes the split of a number out again. */
  unwind(start: number, depth: number, index: number): void {
    const { weight } = this;
    const [one, zero] = [this.one[start + index] as number, this.zero[start + index] as number];
    let next = weight[start + depth] as number;
    for (let i = depth - 1; i >= 0; i -= 1) {
      const own = weight[start + i] as number;
      if (one === 0) {
        weight[start + i] = (own * (depth + 1)) / (zero * (depth - i));
        continue;
      }
      const without = (next * (depth + 1)) / ((i + 1) * one);
      weight[start + i] = without;
      next = own - (without * zero * (depth - i)) / (depth + 1);
    }
    for (const array of [this.feature, this.zero, this.one])
      array.copyWithin(start + index, start + index + 1, start + depth + 1);
  }

  /** What the weights would sum to without the split of a number. */
  sumWithout(start: number, depth: number, index: number): number {
    const { weight } = this;
    const [one, zero] = [this.one[start + index] as number, this.zero[start + index] as number];
    let [next, total] = [weight[start + depth] as number, 0];
    for (let i = depth - 1; i >= 0; i -= 1) {
      const own = weight[start + i] as number;
      if (one === 0) {
        total += (own * (depth + 1)) / (zero * (depth - i));
        continue;
      }
      const without = (next * (depth + 1)) / ((i + 1) * one);
      total += without;
      next = own - (without * zero * (depth - i)) / (depth + 1);
    }
    return total;
  }

  find(start: number, depth: number, feature: number): number {
    for (let i = 1; i <= depth; i += 1) if (this.feature[start + i] === feature) return i;
    return -1;
  }
}

interface Walk {
  readonly tree: DecisionTree;
  readonly cover: Float64Array;
  readonly columns: FeatureColumns;
  readonly row: number;
  readonly outputs: number;
  readonly attributions: Float64Array;
  readonly path: Path;
}

/** @param start of the path so far. @param depth number of the split that leads here. */
function descend(walk: Walk, node: number, start: number, depth: number, split: Split): void {
  // No way leads here, whatever is known.
  if (split.zero === 0 && split.one === 0) return;
  const { tree, cover, columns, row, path } = walk;
  path.extend(start, depth, split);
  const feature = tree.feature[node] as number;
  if (feature < 0) {
    addLeaf(walk, node, start, depth);
    return;
  }
  const taken = nextNode(tree, node, columns[feature]?.[row] ?? Number.NaN);
  const at = path.find(start, depth, feature);
  const before = at < 0 ? { zero: 1, one: 1 } : { zero: path.zero[start + at], one: path.one[start + at] };
  const length = at < 0 ? depth + 1 : depth;
  if (at >= 0) path.unwind(start, depth, at);
  const children = [tree.whenTrue[node] as number, tree.whenFalse[node] as number];
  for (const child of children)
    descend(walk, child, path.copy(start, length), length, {
      feature,
      zero: (before.zero as number) * shareOf(cover, child, node),
      one: child === taken ? (before.one as number) : 0,
    });
}

function addLeaf({ tree, path, outputs, attributions }: Walk, node: number, start: number, depth: number) {
  for (let i = 1; i <= depth; i += 1) {
    const share = (path.one[start + i] as number) - (path.zero[start + i] as number);
    const weight = path.sumWithout(start, depth, i) * share;
    const at = (path.feature[start + i] as number) * outputs;
    for (let k = 0; k < outputs; k += 1)
      attributions[at + k] =
        (attributions[at + k] as number) + weight * (tree.value[node * outputs + k] as number);
  }
}
