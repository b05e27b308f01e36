import type { FitProgress, FittedModel, Learner, TrainingData } from './learner.ts';
import {
  assertTrainingData,
  LearnerInputError,
  parseParameters,
  rootMeanSquaredError,
  toFloat32Columns,
} from './learner-input.ts';
import { buildTreesOnnx } from './onnx-models.ts';
import { buildRandom } from './seeded-random.ts';
import { buildBins } from './tree-bins.ts';
import { predictTrees, type RegressionTree, type TreeEnsemble } from './tree-ensemble.ts';
import { TreeGrower } from './tree-grower.ts';

const defaults = { trees: 200, depth: 5, learningRate: 0.1, minLeaf: 20, lambda: 1, subsample: 1 };

const limits = {
  trees: { min: 1, max: 5000, integer: true },
  depth: { min: 1, max: 12, integer: true },
  learningRate: { min: 1e-4, max: 1 },
  minLeaf: { min: 1, max: 1e6, integer: true },
  lambda: { min: 0, max: 1e6 },
  subsample: { min: 0.05, max: 1 },
};

/** About 80 MB of ONNX: beyond it a model cannot be served in reasonable memory. */
const MAX_NODES = 2_000_000;

type TreeParameters = { readonly [Name in keyof typeof defaults]: number };

/**
 * Gradient-boosted regression trees for squared loss (Friedman 2001) over histograms of at most
 * 255 quantile bins. Missing values go left. Predictions stay within the target's range: boosted
 * sums can overshoot it, and clipping to it never raises the squared error on the training rows.
 */
export const trees: Learner = {
  name: 'trees',
  defaults,
  limits,
  ranges: {
    trees: { min: 50, max: 500, scale: 'log', integer: true },
    depth: { min: 2, max: 8, scale: 'linear', integer: true },
    learningRate: { min: 0.02, max: 0.3, scale: 'log' },
    minLeaf: { min: 5, max: 50, scale: 'log', integer: true },
    lambda: { min: 0.01, max: 10, scale: 'log' },
    subsample: { min: 0.5, max: 1, scale: 'linear' },
  },
  fit: fitTrees,
};

function fitTrees(
  data: TrainingData,
  given: Readonly<Record<string, number>>,
  seed: number,
  onProgress?: FitProgress,
): FittedModel {
  const parameters = parseParameters(given, defaults, limits);
  assertTrainingData(data, 'allowed');
  const base = Math.fround(data.target.reduce((sum, value) => sum + value / data.target.length, 0));
  const predicted = new Float64Array(data.features.rows).fill(base);
  const model: TreeEnsemble = {
    names: data.features.names,
    base,
    lowest: data.target.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    highest: data.target.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
    trees: boost(data, predicted, parameters, seed, onProgress),
  };
  const clipped = predicted.map((value) => Math.min(model.highest, Math.max(model.lowest, value)));
  const trainRmse = rootMeanSquaredError(data.target, clipped);
  return {
    predict: (features) => predictTrees(model, features),
    toOnnx: () => buildTreesOnnx(model),
    summary: { trees: model.trees.length, nodes: countNodes(model.trees), base, trainRmse },
  };
}

/** Starts from `predicted` and leaves the sum of all trees in it. */
function boost(
  data: TrainingData,
  predicted: Float64Array,
  parameters: TreeParameters,
  seed: number,
  onProgress?: FitProgress,
): readonly RegressionTree[] {
  const grower = new TreeGrower(toFloat32Columns(data.features).map(buildBins), parameters);
  const random = buildRandom(seed);
  const residuals = new Float64Array(data.features.rows);
  const weights = new Float64Array(data.features.rows);
  const grown: RegressionTree[] = [];
  const reportEvery = Math.ceil(parameters.trees / 100);
  let nodes = 0;
  for (let round = 1; round <= parameters.trees; round++) {
    drawSample(weights, parameters.subsample, random);
    const squares = updateResiduals(residuals, data.target, predicted, weights);
    const tree = grower.grow({ residuals, weights, predicted, minGain: squares * 1e-12 });
    grown.push(tree);
    nodes += tree.feature.length;
    assertNodeCount(nodes);
    // Without sampling every later round would see the same residuals and give the same stump.
    const isExhausted = tree.feature.length === 1 && parameters.subsample === 1;
    if (isExhausted || round === parameters.trees || round % reportEvery === 0) {
      const fraction = isExhausted ? 1 : round / parameters.trees;
      onProgress?.(fraction, { trainRmse: rootMeanSquaredError(data.target, predicted) });
    }
    if (isExhausted) break;
  }
  return grown;
}

/** Marks exactly the asked share of rows with weight 1 (selection sampling, Knuth 3.4.2 S). */
function drawSample(weights: Float64Array, share: number, random: () => number): void {
  if (share === 1) {
    weights.fill(1);
    return;
  }
  let needed = Math.max(1, Math.round(weights.length * share));
  for (let row = 0; row < weights.length; row++) {
    const isDrawn = random() * (weights.length - row) < needed;
    weights[row] = isDrawn ? 1 : 0;
    if (isDrawn) needed--;
  }
}

/** Returns the sum of squared residuals over the sampled rows. */
function updateResiduals(
  residuals: Float64Array,
  target: Float64Array,
  predicted: Float64Array,
  weights: Float64Array,
): number {
  let squares = 0;
  for (let row = 0; row < residuals.length; row++) {
    const residual = (weights[row] ?? 0) * ((target[row] ?? 0) - (predicted[row] ?? 0));
    residuals[row] = residual;
    squares += residual * residual;
  }
  return squares;
}

function countNodes(grown: readonly RegressionTree[]): number {
  return grown.reduce((sum, tree) => sum + tree.feature.length, 0);
}

function assertNodeCount(nodes: number): void {
  if (nodes <= MAX_NODES) return;
  throw new LearnerInputError(
    `The trees have grown past ${MAX_NODES} nodes; lower 'depth' or 'trees', or raise 'minLeaf'.`,
    { parameter: 'depth' },
  );
}
