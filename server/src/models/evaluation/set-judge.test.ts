import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../base/statistics/random.ts';
import { callerIn } from '../../testing/data-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { until } from '../../testing/until.ts';
import { buildMlflowModel } from '../../training/learners/mlflow-model.ts';
import { TENSOR_FLOAT, toOnnxBytes } from '../../training/learners/onnx-graph.ts';
import type { EvaluationRequest } from './rules.ts';

const caller = callerIn('main');
const labels = { red: 'is_red', round: 'is_round' };
let platform: TestPlatform;

const commit = (name: string, lines: readonly string[]) =>
  platform.services.datasets.commit(
    { name, format: 'csv', content: Buffer.from(`${lines.join('\n')}\n`) },
    caller,
  );
const evaluate = (request: EvaluationRequest) =>
  platform.services.evaluations.evaluate({ rounds: 200, ...request }, caller);

/** Red where a > 0, round where b > 0; nine of ten scores say so. */
function buildThings(): string[] {
  const random = createRandom(5);
  return Array.from({ length: 400 }, () => {
    const [a, b] = [random.normal(), random.normal()];
    const tell = (is: boolean) => (random.next() < 0.9 === is ? 0.5 + random.next() / 2 : random.next() / 2);
    const [red, round] = [a > 0, b > 0];
    const texts = [a, b, Number(red), Number(round), tell(red), tell(round)].map((value) => value.toFixed(6));
    return texts.join(',');
  });
}

/** 60 queries of 8 rows; the score knows the gain but for noise. */
function buildHits(): string[] {
  const random = createRandom(6);
  return Array.from({ length: 480 }, (_, i) => {
    const gain = i < 16 ? 0 : Math.max(0, random.integer(6) - 2);
    return [`q${i % 60}`, gain, gain + random.normal(), random.normal(), `${gain}.25`].join(',');
  });
}

beforeAll(async () => {
  platform = await createTestPlatform();
  await commit('things', ['a,b,is_red,is_round,p_red,p_round', ...buildThings()]);
  await commit('hits', ['q,gain,s,noise,x', ...buildHits()]);
  // Labels are known only of the first two.
  await commit('few', ['is_red,is_round,p_red,p_round', '1,0,0.9,0.2', '0,1,0.8,0.7', ',1,0.5,0.5']);
}, 30_000);
afterAll(() => platform.close());

/** A registered model of one linear layer and an end of its own. */
async function register(name: string, names: readonly string[], weights: readonly number[], end: string) {
  const { experiments, registry } = platform.services;
  const width = weights.length / names.length;
  const onnx = toOnnxBytes({
    name,
    featureNames: names,
    constants: [
      { name: 'weights', shape: [names.length, width], values: Float32Array.from(weights) },
      { name: 'zero', shape: [width], values: new Float32Array(width) },
    ],
    nodes: [
      { operator: 'Gemm', inputs: ['features', 'weights', 'zero'], outputs: ['sum'] },
      { operator: end, inputs: ['sum'], outputs: ['prediction'] },
    ],
  });
  expect(TENSOR_FLOAT).toBe(1);
  const { id: experimentId } = await experiments.ensureExperiment('sets', caller);
  const run = await experiments.createRun({ experimentId }, caller);
  const folder = buildMlflowModel({
    ...{ onnx, trainingRange: [], runId: run.id, modelUuid: 'u', createdAt: new Date(0) },
    example: { names: [...names], rows: 0, columns: [] },
  });
  for (const [path, content] of folder)
    await experiments.putArtifact({ id: run.id, path: `model/${path}`, content }, caller);
  return (await registry.register({ name, runId: run.id }, caller)).reference;
}

describe('several labels', () => {
  const predictions = { probabilities: { red: 'p_red', round: 'p_round' } };

  test('figures with intervals, a label each, against another, beside rules that know nothing', async () => {
    const made = await evaluate({
      ...{ dataset: 'things@1', labels, predictions },
      against: { called: { red: 'is_round', round: 'is_red' } },
    });
    expect(made).toMatchObject({ task: 'multilabel', target: 'is_red, is_round', source: 'predictions' });
    const { hamming_loss = 0, f1_micro = 0, subset_accuracy, coverage_error } = made.metrics;
    expect(hamming_loss).toBeGreaterThan(0.05);
    expect(hamming_loss).toBeLessThan(0.15);
    expect(f1_micro).toBeGreaterThan(0.85);
    expect([subset_accuracy, coverage_error]).toEqual([expect.any(Number), expect.any(Number)]);
    const { low, high, method } = made.intervals.f1_micro ?? {};
    expect(low).toBeLessThan(f1_micro ?? 0);
    expect(high).toBeGreaterThan(f1_micro ?? 1);
    expect(method).toBe('bootstrap');
    expect(made.slices.map(({ column, value }) => [column, value])).toEqual([
      ['label', 'red'],
      ['label', 'round'],
    ]);
    expect(made.slices[0]?.intervals.f1?.method).toBe('delta');
    expect(made.curves.map((curve) => curve.class)).toEqual(['red', 'round']);
    expect(made.againstChampion).toMatchObject({ verdict: 'candidate-better', metric: 'hamming_loss' });
    expect(made.naive.map(({ name }) => name)).toEqual(['majority', 'prior']);
    expect(await platform.services.evaluations.get({ id: made.id }, caller)).toEqual(made);
  });

  test('a row that lacks a label is left out and said', async () => {
    const made = await evaluate({ dataset: 'few@1', labels, predictions });
    expect(made.window.rows).toBe(2);
    expect(made.metrics).toMatchObject({ subset_accuracy: 0.5, hamming_loss: 0.25, recall_micro: 1 });
    expect(made.notes).toEqual(['1 of 3 rows lack one of their labels and are left out.']);
  });

  test('a registered model gives a probability for each label, in the order said', async () => {
    const model = await register('seer', ['a', 'b'], [4, 0, 0, 4], 'Sigmoid');
    const made = await evaluate({ model, dataset: 'things@1', labels });
    expect(made).toMatchObject({ source: 'model', model: 'seer@1', metrics: { subset_accuracy: 1 } });
    const swapped = await evaluate({
      model,
      dataset: 'things@1',
      labels,
      classes: ['round', 'red'],
      champion: model,
    });
    expect(swapped.metrics.subset_accuracy).toBeLessThan(0.6);
    expect(swapped.champion?.metrics).toEqual(swapped.metrics);
    await expect(
      evaluate({ model, dataset: 'things@1', labels: { ...labels, blue: 'is_red' } }),
    ).rejects.toMatchObject({
      code: 'evaluationOutputInvalid',
      message: expect.stringMatching(/2 numbers per row for 3 labels/),
    });
    const study = await platform.services.studies.create(
      { kind: 'evaluation', model, dataset: 'things@1', labels },
      caller,
    );
    const ended = await until(
      () => platform.services.studies.get({ id: study.id }, caller),
      ({ finishedAt }) => finishedAt !== null,
    );
    expect(ended).toMatchObject({ state: 'succeeded', error: null, report: { task: 'multilabel' } });
  });
});

describe('rankings', () => {
  test('queries are judged whole: figures at places, intervals, against another, beside chance', async () => {
    const made = await evaluate({
      ...{ dataset: 'hits@1', target: 'gain', query: 'q', predictions: { score: 's' } },
      ...{ against: { score: 'noise' }, cutoffs: [3] },
    });
    expect(made).toMatchObject({ task: 'ranking', window: { rows: 480 } });
    const random = made.naive[0]?.metrics;
    expect(Object.keys(made.metrics)).toEqual([
      ...['ndcg', 'dcg', 'map', 'mrr'],
      ...['ndcg_at_3', 'dcg_at_3', 'map_at_3', 'precision_at_3', 'recall_at_3', 'queries'],
    ]);
    expect(made.metrics.queries).toBe(60);
    expect(made.metrics.ndcg_at_3).toBeGreaterThan((random?.ndcg_at_3 ?? 1) + 0.1);
    expect(made.champion?.metrics.ndcg).toBeLessThan(made.metrics.ndcg ?? 0);
    expect(made.againstChampion).toMatchObject({ verdict: 'candidate-better', metric: 'ndcg', pairs: 60 });
    const { low = 0, high = 0 } = made.intervals.ndcg ?? {};
    expect((high ?? 0) - (low ?? 0)).toBeGreaterThan(0.01);
    expect(made.intervals.ndcg?.method).toBe('bootstrap');
  });

  test('a registered model ranks by its one number; the gate reads figures at any place', async () => {
    const model = await register('ranker', ['x'], [1], 'Identity');
    const made = await evaluate({ model, dataset: 'hits@1', target: 'gain', query: 'q', cutoffs: [4] });
    expect(made.metrics).toMatchObject({ ndcg: expect.closeTo(1, 9), map_at_4: expect.closeTo(1, 9) });
    const { governance } = platform.services;
    const rules = [{ name: 'top', expression: 'metrics.ndcg_at_4 > 0.9', message: 'ranks badly' }];
    await governance.putGate({ name: 'ranker', rules }, caller);
    expect(
      (await governance.check({ name: 'ranker', version: '1', evaluation: made.id }, caller)).verdict,
    ).toBe('pass');
  });
});

describe('bad input', () => {
  const ranked = { dataset: 'hits@1', target: 'gain', query: 'q', predictions: { score: 's' } };
  const labelled = { dataset: 'things@1', labels, predictions: { called: labels } };
  test.each<[string, EvaluationRequest, string, RegExp]>([
    ['nothing that happened', { dataset: 'hits@1' }, 'evaluationRequestInvalid', /really happened/],
    ['both', { ...ranked, labels }, 'evaluationRequestInvalid', /'labels' or 'query'/],
    [
      'another task',
      { ...ranked, task: 'binary' },
      'evaluationRequestInvalid',
      /task binary of what is ranking/,
    ],
    ['slices', { ...ranked, slices: ['x'] }, 'evaluationRequestInvalid', /slices cannot be had/],
    [
      'places without queries',
      { ...ranked, query: undefined, cutoffs: [3] },
      'evaluationRequestInvalid',
      /'query'/,
    ],
    [
      'a task without its columns',
      { dataset: 'hits@1', target: 'gain', task: 'ranking' },
      'evaluationRequestInvalid',
      /./,
    ],
    [
      'a missing column of a label',
      { ...labelled, predictions: { called: { red: 'a' } } },
      'evaluationRequestInvalid',
      /lacks round/,
    ],
    [
      'a label that is no bit',
      { ...labelled, labels: { red: 'a', round: 'is_round' } },
      'evaluationPredictionInvalid',
      /not 0 or 1/,
    ],
    ['a gain below 0', { ...ranked, target: 'noise' }, 'evaluationPredictionInvalid', /gain of at least 0/],
    [
      'a query without a name',
      { ...ranked, dataset: undefined, sql: "select nullif(q, 'q3') as q, gain, s from hits" },
      'evaluationPredictionInvalid',
      /'q'/,
    ],
    [
      'called outside of labels',
      { dataset: 'things@1', target: 'is_red', predictions: { prediction: 'is_red', called: labels } },
      'evaluationRequestInvalid',
      /several labels/,
    ],
  ])('%s', async (_, request, code, message) => {
    await expect(evaluate(request)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('importance is not made of labels', async () => {
    const asked = { kind: 'importance' as const, model: 'seer@1', dataset: 'things@1', labels };
    await expect(platform.services.studies.create(asked, caller)).rejects.toThrow(
      /not made of several labels/,
    );
  });
});
