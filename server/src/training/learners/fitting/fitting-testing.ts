/** Tables and recipes for tests of what is fitted from them. */
import { buildRandomMatrix, buildRandomTarget } from '../learner-testing.ts';
import type { Recipe, TrainingTable } from '../rules.ts';

/** `rowsPerTime` rows share each time. */
export function buildTable(rows: number, width = 3, rowsPerTime = 1): TrainingTable {
  const features = buildRandomMatrix(rows, width, 7);
  const time = Float64Array.from({ length: rows }, (_, row) => Math.floor(row / rowsPerTime));
  return { features, target: buildRandomTarget(features, 8), time };
}

export function buildRecipe(change: Partial<Recipe> = {}): Recipe {
  return {
    version: 1,
    runId: '0123456789abcdef0123456789abcdef',
    createdAt: 1_700_000_000_000,
    learner: 'ridge',
    parameters: { lambda: 1 },
    seed: 3,
    features: ['f0', 'f1', 'f2'],
    target: 'y',
    timeColumn: 't',
    trainingSet: { reference: 'prices@1', digest: 'aa' },
    split: 'time',
    holdout: 0.2,
    ...change,
  };
}
