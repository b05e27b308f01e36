import type { BinnedColumn } from './tree-bins.ts';
import type { RegressionTree } from './tree-ensemble.ts';

export interface GrowthSettings {
  readonly depth: number;
  readonly minLeaf: number;
  readonly lambda: number;
  readonly learningRate: number;
}

/** What one tree learns from; a row out of the sample has residual and weight 0. */
export interface TreeTask {
  readonly residuals: Float64Array;
  readonly weights: Float64Array;
  /** Gains below this are rounding noise. */
  readonly minGain: number;
  /** Each row's leaf value is added here, in the sample or not. */
  readonly predicted: Float64Array;
}

interface Node {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly sum: number;
  readonly count: number;
}

interface Split {
  readonly column: number;
  readonly code: number;
  readonly gain: number;
  readonly leftSum: number;
  readonly leftCount: number;
}

interface GrowingTree {
  readonly feature: number[];
  readonly threshold: number[];
  readonly left: number[];
  readonly right: number[];
  readonly value: number[];
}

/**
 * Grows depth-first, one histogram of (residual sum, weight) pairs per open node. Only the smaller
 * child's rows are counted; the larger child's histogram is the parent's minus that.
 * Split gain and leaf value: Chen & Guestrin 2016, eq. 5-7, for squared loss (hessian 1).
 */
export class TreeGrower {
  readonly #columns: readonly BinnedColumn[];
  readonly #settings: GrowthSettings;
  readonly #offsets: Int32Array;
  readonly #histogramLength: number;
  readonly #rows: number;
  readonly #order: Int32Array;
  readonly #spare: Int32Array;
  readonly #nodeResiduals: Float64Array;
  readonly #nodeWeights: Float64Array;
  readonly #pool: Float64Array[] = [];

  constructor(columns: readonly BinnedColumn[], settings: GrowthSettings) {
    this.#columns = columns;
    this.#settings = settings;
    this.#rows = columns[0]?.codes.length ?? 0;
    this.#offsets = new Int32Array(columns.length);
    let length = 0;
    columns.forEach((column, i) => {
      this.#offsets[i] = length;
      length += column.bins * 2;
    });
    this.#histogramLength = length;
    this.#order = new Int32Array(this.#rows);
    this.#spare = new Int32Array(this.#rows);
    this.#nodeResiduals = new Float64Array(this.#rows);
    this.#nodeWeights = new Float64Array(this.#rows);
  }

  grow(task: TreeTask): RegressionTree {
    for (let row = 0; row < this.#rows; row++) this.#order[row] = row;
    const tree: GrowingTree = { feature: [], threshold: [], left: [], right: [], value: [] };
    const root = {
      start: 0,
      end: this.#rows,
      depth: 0,
      sum: total(task.residuals),
      count: total(task.weights),
    };
    const histogram = this.#takeHistogram();
    this.#fillHistogram(histogram, root, task);
    this.#growNode(tree, root, histogram, task);
    return {
      feature: Int32Array.from(tree.feature),
      threshold: Float32Array.from(tree.threshold),
      left: Int32Array.from(tree.left),
      right: Int32Array.from(tree.right),
      value: Float32Array.from(tree.value),
    };
  }

  /** Adds the node and all below it, gives its histogram back, and returns its number. */
  #growNode(tree: GrowingTree, node: Node, histogram: Float64Array | null, task: TreeTask): number {
    const id = tree.feature.push(-1) - 1;
    tree.threshold.push(0);
    tree.left.push(0);
    tree.right.push(0);
    tree.value.push(0);
    const split = histogram ? this.#findSplit(histogram, node, task.minGain) : null;
    if (!split) {
      if (histogram) this.#pool.push(histogram);
      tree.value[id] = this.#closeLeaf(node, task);
      return id;
    }
    const [left, right] = this.#splitNode(node, split);
    const [leftHistogram, rightHistogram] = this.#splitHistogram(histogram, left, right, task);
    tree.feature[id] = split.column;
    tree.threshold[id] = this.#columns[split.column]?.thresholds[split.code] ?? 0;
    tree.left[id] = this.#growNode(tree, left, leftHistogram, task);
    tree.right[id] = this.#growNode(tree, right, rightHistogram, task);
    return id;
  }

  #closeLeaf(node: Node, task: TreeTask): number {
    const { learningRate, lambda } = this.#settings;
    const value = Math.fround((learningRate * node.sum) / (node.count + lambda));
    for (let i = node.start; i < node.end; i++) {
      const row = this.#order[i] ?? 0;
      task.predicted[row] = (task.predicted[row] ?? 0) + value;
    }
    return value;
  }

  #findSplit(histogram: Float64Array, node: Node, minGain: number): Split | null {
    let best: Split | null = null;
    let gainToBeat = minGain;
    for (let column = 0; column < this.#columns.length; column++) {
      const split: Split | null = this.#findColumnSplit(histogram, node, column, gainToBeat);
      if (!split) continue;
      best = split;
      gainToBeat = split.gain;
    }
    return best;
  }

  #findColumnSplit(histogram: Float64Array, node: Node, column: number, gainToBeat: number): Split | null {
    const { minLeaf, lambda } = this.#settings;
    const { sum, count } = node;
    const parentScore = sum ** 2 / (count + lambda);
    const offset = this.#offsets[column] ?? 0;
    const lastCode = (this.#columns[column]?.bins ?? 0) - 1;
    let best: Split | null = null;
    let bestGain = gainToBeat;
    let leftSum = 0;
    let leftCount = 0;
    for (let code = 0; code < lastCode; code++) {
      const codeCount = histogram[offset + 2 * code + 1] ?? 0;
      if (codeCount === 0) continue;
      leftSum += histogram[offset + 2 * code] ?? 0;
      leftCount += codeCount;
      if (leftCount < minLeaf) continue;
      if (count - leftCount < minLeaf) break;
      const right = (sum - leftSum) ** 2 / (count - leftCount + lambda);
      const gain = leftSum ** 2 / (leftCount + lambda) + right - parentScore;
      if (gain <= bestGain) continue;
      bestGain = gain;
      best = { column, code, gain, leftSum, leftCount };
    }
    return best;
  }

  /** Moves the left child's rows before the right child's, each keeping its order. */
  #splitNode(node: Node, split: Split): readonly [Node, Node] {
    const codes = this.#columns[split.column]?.codes ?? new Uint8Array(0);
    const order = this.#order;
    const spare = this.#spare;
    let middle = node.start;
    let moved = 0;
    for (let i = node.start; i < node.end; i++) {
      const row = order[i] ?? 0;
      if ((codes[row] ?? 0) <= split.code) order[middle++] = row;
      else spare[moved++] = row;
    }
    order.set(spare.subarray(0, moved), middle);
    const depth = node.depth + 1;
    return [
      { start: node.start, end: middle, depth, sum: split.leftSum, count: split.leftCount },
      {
        start: middle,
        end: node.end,
        depth,
        sum: node.sum - split.leftSum,
        count: node.count - split.leftCount,
      },
    ];
  }

  /** Children that cannot split any more get none. The parent's buffer becomes the larger child's. */
  #splitHistogram(
    parent: Float64Array | null,
    left: Node,
    right: Node,
    task: TreeTask,
  ): readonly [Float64Array | null, Float64Array | null] {
    const isClosed =
      left.depth >= this.#settings.depth || Math.max(left.count, right.count) < 2 * this.#settings.minLeaf;
    if (!parent || isClosed) {
      if (parent) this.#pool.push(parent);
      return [null, null];
    }
    const isLeftSmaller = left.end - left.start <= right.end - right.start;
    const smaller = this.#takeHistogram();
    this.#fillHistogram(smaller, isLeftSmaller ? left : right, task);
    for (let i = 0; i < parent.length; i++) parent[i] = (parent[i] ?? 0) - (smaller[i] ?? 0);
    return isLeftSmaller ? [smaller, parent] : [parent, smaller];
  }

  #takeHistogram(): Float64Array {
    return this.#pool.pop()?.fill(0) ?? new Float64Array(this.#histogramLength);
  }

  #fillHistogram(histogram: Float64Array, node: Node, task: TreeTask): void {
    const { start, end } = node;
    const order = this.#order;
    const residuals = this.#nodeResiduals;
    const weights = this.#nodeWeights;
    // Gathered once, so that the loop over columns reads them in order.
    for (let i = start; i < end; i++) {
      const row = order[i] ?? 0;
      residuals[i] = task.residuals[row] ?? 0;
      weights[i] = task.weights[row] ?? 0;
    }
    for (let column = 0; column < this.#columns.length; column++) {
      const codes = this.#columns[column]?.codes ?? new Uint8Array(0);
      const offset = this.#offsets[column] ?? 0;
      for (let i = start; i < end; i++) {
        const slot = offset + 2 * (codes[order[i] ?? 0] ?? 0);
        histogram[slot] = (histogram[slot] ?? 0) + (residuals[i] ?? 0);
        histogram[slot + 1] = (histogram[slot + 1] ?? 0) + (weights[i] ?? 0);
      }
    }
  }
}

function total(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum;
}
