/** Data and sessions that the tests of the learners share. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { FeatureMatrix } from './learner.ts';
import { buildRandom } from './seeded-random.ts';

export function buildMatrix(columns: Readonly<Record<string, readonly number[]>>): FeatureMatrix {
  const values = Object.values(columns).map((column) => Float64Array.from(column));
  return { names: Object.keys(columns), rows: values[0]?.length ?? 0, columns: values };
}

/** Uniform numbers in [-2, 2); `missing` is the share of NaN. */
export function buildRandomMatrix(rows: number, width: number, seed: number, missing = 0): FeatureMatrix {
  const random = buildRandom(seed);
  const columns = Array.from({ length: width }, () =>
    Float64Array.from({ length: rows }, () => (random() < missing ? Number.NaN : random() * 4 - 2)),
  );
  return { names: columns.map((_, i) => `f${i}`), rows, columns };
}

/** A bent surface with noise; a missing value counts as 0.5. */
export function buildRandomTarget(features: FeatureMatrix, seed: number): Float64Array {
  const random = buildRandom(seed);
  return Float64Array.from({ length: features.rows }, (_, row) => {
    const [a = 0, b = 0, c = 0] = features.columns.map((column) => {
      const value = column[row] ?? 0;
      return Number.isNaN(value) ? 0.5 : value;
    });
    return 3 * a - 2 * b * b + Math.sin(4 * c) + (random() - 0.5);
  });
}

export function takeRows(features: FeatureMatrix, rows: readonly number[]): FeatureMatrix {
  const columns = features.columns.map((column) =>
    Float64Array.from(rows, (row) => column[row] ?? Number.NaN),
  );
  return { names: features.names, rows: rows.length, columns };
}

export async function predictWithOnnx(model: Uint8Array, features: FeatureMatrix): Promise<Float32Array> {
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  });
  const width = features.columns.length;
  const cells = new Float32Array(features.rows * width);
  features.columns.forEach((column, i) => {
    for (let row = 0; row < features.rows; row++) cells[row * width + i] = column[row] ?? Number.NaN;
  });
  const output = await session.run({ features: new Tensor('float32', cells, [features.rows, width]) });
  await session.release();
  const prediction = output.prediction;
  if (!(prediction?.data instanceof Float32Array)) throw new Error('The model gave no float32 prediction.');
  if (prediction.dims.join() !== `${features.rows},1`)
    throw new Error(`Shape [${prediction.dims.join()}], not [N,1].`);
  return prediction.data;
}

/** The greatest difference, relative to the prediction or to 1 where that is smaller. */
export function relativeGap(left: Float64Array, right: Float32Array | Float64Array): number {
  return left.reduce((worst, value, row) => {
    const gap = Math.abs(value - (right[row] ?? Number.NaN)) / Math.max(1, Math.abs(value));
    return Math.max(gap, worst);
  }, 0);
}
