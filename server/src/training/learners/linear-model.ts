import type { FeatureMatrix } from './learner.ts';
import { assertSameColumns } from './learner-input.ts';

/** `target = intercept + sum(weights[i] * (feature[i] - means[i]))`, weights in the features' own units. */
export interface LinearModel {
  readonly names: readonly string[];
  readonly means: Float64Array;
  readonly weights: Float64Array;
  readonly intercept: number;
}

export function predictLinear(model: LinearModel, features: FeatureMatrix): Float64Array {
  assertSameColumns(features, model.names);
  const predicted = new Float64Array(features.rows).fill(model.intercept);
  features.columns.forEach((column, i) => {
    const weight = model.weights[i] ?? 0;
    const center = model.means[i] ?? 0;
    for (let row = 0; row < predicted.length; row++) {
      predicted[row] = (predicted[row] ?? 0) + weight * (Math.fround(column[row] ?? 0) - center);
    }
  });
  return predicted;
}
