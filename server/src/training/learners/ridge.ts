import type { FitProgress, FittedModel, Learner, TrainingData } from './learner.ts';
import {
  assertTrainingData,
  LearnerInputError,
  parseParameters,
  rootMeanSquaredError,
  toFloat32Columns,
} from './learner-input.ts';
import { type LinearModel, predictLinear } from './linear-model.ts';
import { buildLinearOnnx } from './onnx-models.ts';

const defaults = { lambda: 1 };
const limits = { lambda: { min: 0, max: 1e9 } };

/**
 * Ridge regression on standardised features: minimises |y - b - Zw|^2 + lambda |w|^2, b not penalised.
 * Equals scikit-learn's `make_pipeline(StandardScaler(), Ridge(alpha=lambda))`. Closed form
 * (Hoerl & Kennard 1970), hence no use for the seed.
 */
export const ridge: Learner = {
  name: 'ridge',
  defaults,
  limits,
  ranges: { lambda: { min: 1e-3, max: 1e3, scale: 'log' } },
  fit: fitRidge,
};

function fitRidge(
  data: TrainingData,
  parameters: Readonly<Record<string, number>>,
  _seed: number,
  onProgress?: FitProgress,
): FittedModel {
  const { lambda } = parseParameters(parameters, defaults, limits);
  assertTrainingData(data, 'refused');
  const columns = standardise(toFloat32Columns(data.features));
  const intercept = mean(data.target);
  const solved = solveNormalEquations(columns, data, intercept, lambda);
  const model: LinearModel = {
    names: data.features.names,
    means: Float64Array.from(columns, (column) => column.mean),
    weights: Float64Array.from(columns, (column, i) =>
      column.deviation > 0 ? (solved[i] ?? 0) / column.deviation : 0,
    ),
    intercept,
  };
  const trainRmse = rootMeanSquaredError(data.target, predictLinear(model, data.features));
  onProgress?.(1, { trainRmse });
  const constantColumns = columns.filter((column) => column.deviation === 0).length;
  return {
    predict: (features) => predictLinear(model, features),
    toOnnx: () => buildLinearOnnx(model),
    summary: { lambda, intercept, trainRmse, constantColumns },
  };
}

interface StandardColumn {
  readonly mean: number;
  /** Population standard deviation; 0 marks a constant column. */
  readonly deviation: number;
  readonly values: Float64Array;
}

function standardise(columns: readonly Float32Array[]): readonly StandardColumn[] {
  return columns.map((column) => {
    const center = mean(column);
    const values = Float64Array.from(column, (value) => value - center);
    const spread = Math.sqrt(dot(values, values) / values.length);
    // The mean itself carries rounding error, so a constant column may show a spread of a few ulps.
    const deviation = spread <= Math.abs(center) * 1e-13 ? 0 : spread;
    if (deviation > 0)
      for (let row = 0; row < values.length; row++) values[row] = (values[row] ?? 0) / deviation;
    return { mean: center, deviation, values };
  });
}

function solveNormalEquations(
  columns: readonly StandardColumn[],
  data: TrainingData,
  intercept: number,
  lambda: number,
): Float64Array {
  const centered = data.target.map((value) => value - intercept);
  const size = columns.length;
  const gram = new Float64Array(size * size);
  const moments = new Float64Array(size);
  columns.forEach((column, i) => {
    if (column.deviation === 0) {
      gram[i * size + i] = 1;
      return;
    }
    moments[i] = dot(column.values, centered);
    for (let j = 0; j <= i; j++) {
      const other = columns[j];
      if (!other || other.deviation === 0) continue;
      gram[i * size + j] = dot(column.values, other.values) + (i === j ? lambda : 0);
    }
  });
  decomposeCholesky(gram, data.features.names);
  return solveCholesky(gram, moments);
}

/** Overwrites the lower triangle of a row-major matrix with its Cholesky factor. */
function decomposeCholesky(matrix: Float64Array, names: readonly string[]): void {
  const size = names.length;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] ?? 0;
      const diagonal = sum;
      for (let k = 0; k < j; k++) sum -= (matrix[i * size + k] ?? 0) * (matrix[j * size + k] ?? 0);
      if (i !== j) {
        matrix[i * size + j] = sum / (matrix[j * size + j] ?? 1);
        continue;
      }
      assertPivot(sum, diagonal, names[i] ?? '');
      matrix[i * size + i] = Math.sqrt(sum);
    }
  }
}

/** Below this share of the diagonal a pivot is rounding noise, and the weights would be too. */
function assertPivot(pivot: number, diagonal: number, column: string): void {
  if (pivot > diagonal * 1e-13) return;
  throw new LearnerInputError(
    `Column '${column}' is a linear combination of the columns before it (or there are too few rows); drop it or raise 'lambda'.`,
    { column, parameter: 'lambda' },
  );
}

function solveCholesky(factor: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const solution = right.slice();
  for (let i = 0; i < size; i++) {
    let sum = solution[i] ?? 0;
    for (let k = 0; k < i; k++) sum -= (factor[i * size + k] ?? 0) * (solution[k] ?? 0);
    solution[i] = sum / (factor[i * size + i] ?? 1);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = solution[i] ?? 0;
    for (let k = i + 1; k < size; k++) sum -= (factor[k * size + i] ?? 0) * (solution[k] ?? 0);
    solution[i] = sum / (factor[i * size + i] ?? 1);
  }
  return solution;
}

function mean(values: Float64Array | Float32Array): number {
  let sum = 0;
  for (let row = 0; row < values.length; row++) sum += values[row] ?? 0;
  const first = sum / values.length;
  // A second pass takes out the rounding of the first: columns far from zero keep their digits.
  let rest = 0;
  for (let row = 0; row < values.length; row++) rest += (values[row] ?? 0) - first;
  return first + rest / values.length;
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < left.length; row++) sum += (left[row] ?? 0) * (right[row] ?? 0);
  return sum;
}
