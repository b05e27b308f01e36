/** How a node sends a row on; the names are those of ONNX (`nodes_modes` of TreeEnsembleRegressor). */
export const splitModes = [
  'BRANCH_LEQ',
  'BRANCH_LT',
  'BRANCH_GTE',
  'BRANCH_GT',
  'BRANCH_EQ',
  'BRANCH_NEQ',
] as const;

/** One tree of an ensemble, node by node; node 0 is the root. */
export interface DecisionTree {
  /** Column a node asks about, -1 for a leaf. */
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  /** Place in `splitModes`. */
  readonly mode: Uint8Array;
  /** 1 where a missing value goes the way of "true". */
  readonly missingIsTrue: Uint8Array;
  readonly whenTrue: Int32Array;
  readonly whenFalse: Int32Array;
  /** Nodes by outputs, row-major: what a leaf adds to each output. */
  readonly value: Float64Array;
}

export interface TreeEnsemble {
  readonly outputs: number;
  /** One an output. */
  readonly base: Float64Array;
  readonly trees: readonly DecisionTree[];
  /** Whether features are rounded to float32 before they are compared, as ONNX models of floats do. */
  readonly isFloat32: boolean;
}

/** Columns of features, as many as the ensemble asks about; NaN is a missing value. */
export type FeatureColumns = readonly Float64Array[];

const isTrue: readonly ((value: number, threshold: number) => boolean)[] = [
  (value, threshold) => value <= threshold,
  (value, threshold) => value < threshold,
  (value, threshold) => value >= threshold,
  (value, threshold) => value > threshold,
  (value, threshold) => value === threshold,
  (value, threshold) => value !== threshold,
];

/** The child that a row goes to. */
export function nextNode(tree: DecisionTree, node: number, value: number): number {
  const goesTrue = Number.isNaN(value)
    ? tree.missingIsTrue[node] === 1
    : isTrue[tree.mode[node] as number]?.(value, tree.threshold[node] as number);
  return (goesTrue ? tree.whenTrue[node] : tree.whenFalse[node]) as number;
}

/** The columns as the ensemble compares them. */
export const comparedColumns = ({ isFloat32 }: TreeEnsemble, columns: FeatureColumns): FeatureColumns =>
  isFloat32 ? columns.map((column) => Float64Array.from(Float32Array.from(column))) : columns;

/**
 * How many of the rows reach each node: the cover that conditional expectations are weighted by.
 * @param columns as `comparedColumns` gives them. @returns an array a tree, one count a node.
 */
export function countCover({ trees }: TreeEnsemble, columns: FeatureColumns, rows: number): Float64Array[] {
  return trees.map((tree) => {
    const cover = new Float64Array(tree.feature.length);
    for (let row = 0; row < rows; row += 1) {
      let node = 0;
      cover[0] = (cover[0] as number) + 1;
      while ((tree.feature[node] as number) >= 0) {
        node = nextNode(tree, node, columns[tree.feature[node] as number]?.[row] ?? Number.NaN);
        cover[node] = (cover[node] as number) + 1;
      }
    }
    return cover;
  });
}

/** Sum of the base and of a leaf of every tree: rows by outputs, row-major. */
export function predictEnsemble(
  { trees, outputs, base }: TreeEnsemble,
  columns: FeatureColumns,
  rows: number,
): Float64Array {
  const predicted = Float64Array.from({ length: rows * outputs }, (_, i) => base[i % outputs] as number);
  for (const tree of trees)
    for (let row = 0; row < rows; row += 1) {
      let node = 0;
      while ((tree.feature[node] as number) >= 0)
        node = nextNode(tree, node, columns[tree.feature[node] as number]?.[row] ?? Number.NaN);
      for (let k = 0; k < outputs; k += 1)
        predicted[row * outputs + k] =
          (predicted[row * outputs + k] as number) + (tree.value[node * outputs + k] as number);
    }
  return predicted;
}
