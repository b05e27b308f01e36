import { describe, expect, test } from 'vitest';
import { mae } from '../../../base/statistics/regression-metrics.ts';
import { predictWithOnnx } from '../learner-testing.ts';
import { parseMLmodel } from '../mlflow-model.ts';
import { parseRecipe, type Recipe, type TrainedModel } from '../rules.ts';
import { buildRecipe, buildTable } from './fitting-testing.ts';
import { drawTrial } from './random-search.ts';
import { sliceRows } from './row-split.ts';
import { recipeDigest, trainModel, validateForward } from './train-model.ts';

const table = buildTable(200);
const bytes = (model: TrainedModel) =>
  [...model.files].map(([path, content]) => [path, Buffer.from(content).toString('base64')]);
const trees: Partial<Recipe> = {
  learner: 'trees',
  parameters: { trees: 20, depth: 3, learningRate: 0.1, minLeaf: 5, lambda: 1, subsample: 0.7 },
};

describe('trainModel', () => {
  test.each([
    ['ridge', {}],
    ['trees', trees],
    ['trees at random', { ...trees, split: 'random' as const }],
  ])('%s: the folder is a function of rows and recipe', (_name, change) => {
    const recipe = buildRecipe(change);
    const copy = structuredClone(recipe);
    expect(bytes(trainModel(table, recipe))).toEqual(bytes(trainModel(buildTable(200), copy)));
  });

  test('one price changed gives another model', () => {
    const other = buildTable(200);
    other.target[10] = (other.target[10] ?? 0) + 0.5;
    expect(bytes(trainModel(other, buildRecipe()))).not.toEqual(bytes(trainModel(table, buildRecipe())));
  });

  test('the marks of the folder come from the recipe', () => {
    const recipe = buildRecipe();
    const text = new TextDecoder().decode(trainModel(table, recipe).files.get('MLmodel'));
    expect(parseMLmodel(text).runId).toBe(recipe.runId);
    expect(text).toContain(`model_uuid: ${recipeDigest(recipe).slice(0, 32)}`);
    expect(text).toContain('2023-11-14 22:13:20.000000');
  });

  test('the metrics are those of the model in the folder, on the rows held out', async () => {
    const model = trainModel(table, buildRecipe());
    const held = sliceRows(table, 160, 200);
    const predicted = await predictWithOnnx(model.files.get('model.onnx') ?? new Uint8Array(), held.features);
    expect(model.metrics.mae).toBeCloseTo(mae(held.target, Float64Array.from(predicted)), 4);
    expect(Object.keys(model.metrics)).toEqual(['mae', 'rmse', 'r2']);
    expect([model.trainingRows, model.holdoutRows]).toEqual([160, 40]);
  });

  test('without a holdout it learns from all rows and claims nothing', () => {
    const model = trainModel(table, buildRecipe({ holdout: 0 }));
    expect([model.trainingRows, model.holdoutRows, model.metrics]).toEqual([200, 0, {}]);
  });

  test('a single row held out has no r2', () => {
    expect(Object.keys(trainModel(table, buildRecipe({ holdout: 0.001 })).metrics)).toEqual(['mae', 'rmse']);
  });
});

test('the digest of a recipe does not depend on the order of its keys', () => {
  const recipe = buildRecipe();
  const turned = Object.fromEntries(Object.entries(recipe).reverse()) as Recipe;
  expect(recipeDigest(turned)).toBe(recipeDigest(recipe));
  expect(recipeDigest({ ...recipe, seed: 4 })).not.toBe(recipeDigest(recipe));
});

test('walk-forward judges each fold on the rows that follow', () => {
  const folds = [
    { trainStart: 0, trainEnd: 100, end: 150 },
    { trainStart: 0, trainEnd: 150, end: 200 },
  ];
  const request = { learner: 'ridge', parameters: { lambda: 1 }, seed: 0, folds, metric: 'mae' } as const;
  const errors = validateForward(table, request);
  expect(errors).toHaveLength(2);
  const spoiled = buildTable(200);
  for (let row = 150; row < 200; row++) spoiled.target[row] = 1000;
  expect(validateForward(spoiled, request)[0]).toBe(errors[0]);
  expect(validateForward(spoiled, request)[1]).toBeGreaterThan(900);
});

test('a trial depends on the seed and its number alone', () => {
  const draw = (number: number, seed = 1) => drawTrial(['ridge', 'trees'], seed, number);
  expect(draw(5)).toEqual(draw(5));
  expect(draw(5)).not.toEqual(draw(7));
  expect(draw(5)).not.toEqual(draw(5, 2));
  expect([0, 1, 2].map((number) => draw(number).learner)).toEqual(['ridge', 'trees', 'ridge']);
  const { trees: count, depth, subsample } = draw(1).parameters;
  expect(Number.isInteger(count) && Number.isInteger(depth)).toBe(true);
  expect(subsample).toBeGreaterThanOrEqual(0.5);
});

test('a recipe that is none is refused by field', () => {
  expect(parseRecipe(structuredClone(buildRecipe()), 'recipe.json')).toEqual(buildRecipe());
  expect(() => parseRecipe({ ...buildRecipe(), learner: 'forest' }, 'recipe.json')).toThrow(
    'recipe.json is no recipe of ours: /learner',
  );
  expect(() => parseRecipe(null, 'recipe.json')).toThrow('recipe.json is no recipe of ours');
});
