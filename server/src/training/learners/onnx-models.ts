import type { LinearModel } from './linear-model.ts';
import { type OnnxAttribute, type OnnxNode, TENSOR_DOUBLE, TENSOR_FLOAT, toOnnxBytes } from './onnx-graph.ts';
import type { RegressionTree, TreeEnsemble } from './tree-ensemble.ts';

/**
 * Centre, one Gemm, all in double: the weights carry the standardisation, and far-from-zero
 * columns lose no digits to float32 sums.
 */
export function buildLinearOnnx(model: LinearModel): Uint8Array {
  const width = model.names.length;
  return toOnnxBytes({
    name: 'ridge',
    featureNames: model.names,
    constants: [
      { name: 'means', shape: [width], values: model.means },
      { name: 'weights', shape: [width, 1], values: model.weights },
      { name: 'intercept', shape: [1], values: Float64Array.of(model.intercept) },
    ],
    nodes: [
      castNode('features', 'features_double', TENSOR_DOUBLE),
      { operator: 'Sub', inputs: ['features_double', 'means'], outputs: ['centered'] },
      { operator: 'Gemm', inputs: ['centered', 'weights', 'intercept'], outputs: ['sum'] },
      castNode('sum', 'prediction', TENSOR_FLOAT),
    ],
  });
}

function castNode(input: string, output: string, type: number): OnnxNode {
  return {
    operator: 'Cast',
    inputs: [input],
    outputs: [output],
    attributes: { to: { kind: 'int', value: type } },
  };
}

/** `TreeEnsembleRegressor`, then the clip to the target's range. */
export function buildTreesOnnx(model: TreeEnsemble): Uint8Array {
  return toOnnxBytes({
    name: 'trees',
    featureNames: model.names,
    constants: [
      { name: 'lowest', shape: [], values: Float32Array.of(model.lowest) },
      { name: 'highest', shape: [], values: Float32Array.of(model.highest) },
    ],
    nodes: [
      {
        operator: 'TreeEnsembleRegressor',
        domain: 'ai.onnx.ml',
        inputs: ['features'],
        outputs: ['sum'],
        attributes: {
          n_targets: { kind: 'int', value: 1 },
          aggregate_function: { kind: 'string', value: 'SUM' },
          post_transform: { kind: 'string', value: 'NONE' },
          base_values: { kind: 'floats', value: [model.base] },
          ...nodeAttributes(model.trees),
          ...leafAttributes(model.trees),
        },
      },
      { operator: 'Clip', inputs: ['sum', 'lowest', 'highest'], outputs: ['prediction'] },
    ],
  });
}

function nodeAttributes(trees: readonly RegressionTree[]): Record<string, OnnxAttribute> {
  const isLeaf = (tree: RegressionTree, node: number) => (tree.feature[node] ?? -1) < 0;
  const ints = (pick: (tree: RegressionTree, node: number, id: number) => number): OnnxAttribute => ({
    kind: 'ints',
    value: collect(trees, pick),
  });
  return {
    nodes_treeids: ints((_tree, _node, id) => id),
    nodes_nodeids: ints((_tree, node) => node),
    nodes_featureids: ints((tree, node) => Math.max(0, tree.feature[node] ?? 0)),
    nodes_values: { kind: 'floats', value: collect(trees, (tree, node) => tree.threshold[node] ?? 0) },
    nodes_modes: {
      kind: 'strings',
      value: collect(trees, (tree, node) => (isLeaf(tree, node) ? 'LEAF' : 'BRANCH_LEQ')),
    },
    nodes_truenodeids: ints((tree, node) => tree.left[node] ?? 0),
    nodes_falsenodeids: ints((tree, node) => tree.right[node] ?? 0),
    nodes_missing_value_tracks_true: ints((tree, node) => (isLeaf(tree, node) ? 0 : 1)),
  };
}

function leafAttributes(trees: readonly RegressionTree[]): Record<string, OnnxAttribute> {
  const leaves = trees.flatMap((tree, id) =>
    Array.from(tree.feature.keys())
      .filter((node) => (tree.feature[node] ?? -1) < 0)
      .map((node) => ({ id, node, value: tree.value[node] ?? 0 })),
  );
  return {
    target_treeids: { kind: 'ints', value: leaves.map((leaf) => leaf.id) },
    target_nodeids: { kind: 'ints', value: leaves.map((leaf) => leaf.node) },
    target_ids: { kind: 'ints', value: leaves.map(() => 0) },
    target_weights: { kind: 'floats', value: leaves.map((leaf) => leaf.value) },
  };
}

function collect<T>(
  trees: readonly RegressionTree[],
  pick: (tree: RegressionTree, node: number, id: number) => T,
): readonly T[] {
  const values: T[] = [];
  trees.forEach((tree, id) => {
    for (let node = 0; node < tree.feature.length; node++) values.push(pick(tree, node, id));
  });
  return values;
}
