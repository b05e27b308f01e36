import { digestOf } from '../../../base/digest-of.ts';
import { regressionMetrics } from '../../../base/statistics/regression-metrics.ts';
import { listFeatureRanges } from '../feature-range.ts';
import type { FitProgress } from '../learner.ts';
import { getLearner } from '../learners.ts';
import { buildMlflowModel } from '../mlflow-model.ts';
import type { Fold, FoldMetric, Recipe, TrainedModel, TrainingTable, TrialDraw } from '../rules.ts';
import { sliceRows, splitRows, takeRows } from './row-split.ts';

/**
 * Follows a recipe: fits the rows that are not held out, judges on those that are, leaves the model folder.
 * Pure: equal rows and recipe give equal bytes, on any machine and at any time.
 * @throws LearnerInputError
 */
export function trainModel(table: TrainingTable, recipe: Recipe, onProgress?: FitProgress): TrainedModel {
  const rows = splitRows(table.time, recipe);
  const training = takeRows(table, rows.training);
  const fitted = getLearner(recipe.learner).fit(training, recipe.parameters, recipe.seed, onProgress);
  const files = buildMlflowModel({
    onnx: fitted.toOnnx(),
    example: training.features,
    trainingRange: listFeatureRanges(training.features),
    runId: recipe.runId,
    modelUuid: recipeDigest(recipe).slice(0, 32),
    createdAt: new Date(recipe.createdAt),
  });
  const heldOut = takeRows(table, rows.holdout);
  return {
    files,
    metrics: heldOut.target.length > 0 ? judge(heldOut.target, fitted.predict(heldOut.features)) : {},
    summary: fitted.summary,
    trainingRows: rows.training.length,
    holdoutRows: rows.holdout.length,
  };
}

function judge(actual: Float64Array, predicted: Float64Array): Record<string, number> {
  const { mae, rmse, r2 } = regressionMetrics(actual, predicted);
  // A single row has no variance to explain.
  return Number.isNaN(r2) ? { mae, rmse } : { mae, rmse, r2 };
}

/** SHA-256, hex, of the recipe with its keys in order. */
export function recipeDigest(recipe: Recipe): string {
  return digestOf(recipe);
}

export interface ForwardRequest extends TrialDraw {
  readonly seed: number;
  readonly folds: readonly Fold[];
  readonly metric: FoldMetric;
}

/**
 * Walk-forward validation: each fold learns from the past and is judged on what came next. Gives one error per fold,
 * in the unit of the target.
 * @throws LearnerInputError
 */
export function validateForward(table: TrainingTable, request: ForwardRequest): readonly number[] {
  const learner = getLearner(request.learner);
  return request.folds.map(({ trainStart, trainEnd, end }) => {
    const fitted = learner.fit(sliceRows(table, trainStart, trainEnd), request.parameters, request.seed);
    const next = sliceRows(table, trainEnd, end);
    return regressionMetrics(next.target, fitted.predict(next.features))[request.metric];
  });
}
