import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callerIn } from '../../testing/data-wing.ts';
import { buildPrices, commitTrainingSet, evaluateModel, trainModel } from '../../testing/model-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { buildMlflowModel } from '../../training/learners/mlflow-model.ts';

const caller = callerIn('main');
let platform: TestPlatform;

beforeAll(async () => {
  platform = await createTestPlatform();
  await commitTrainingSet(platform, buildPrices(300), caller);
}, 30_000);
afterAll(() => platform.close());

describe('judged on rows it has never seen', () => {
  test('a flattering random split: the recipe is fitted again on the rows before the window', async () => {
    const model = await trainModel(platform, caller);
    const evaluation = await evaluateModel(platform, caller, { model: model.reference });
    expect(evaluation).toMatchObject({
      model: model.reference,
      dataset: 'training@1',
      refitted: true,
      window: { rows: 60 },
      champion: null,
      againstBaseline: { verdict: 'candidate-worse', pairs: 60 },
    });
    expect(evaluation.notes[0]).toMatch(/fitted again on the \d+ rows of training@1 before 2022-/);
    // Trees cannot leave the range they learned from; the price did, by 0.4 a day.
    const naive = evaluation.baseline?.metrics.mae ?? 0;
    expect(evaluation.metrics.mae).toBeGreaterThan(4 * naive);
    expect(evaluation.metrics.bias).toBeLessThan(-5);
    expect(evaluation.series).toHaveLength(60);
    expect(evaluation.series.at(-1)?.time).toBe(evaluation.window.to);
    expect(await platform.services.evaluations.get({ id: evaluation.id }, caller)).toEqual(evaluation);
  });

  test('what its recipe held out by time is judged as it is', async () => {
    const model = await trainModel(platform, caller, { learner: 'ridge', split: 'time', holdout: 0.3 });
    const evaluation = await evaluateModel(platform, caller, { model: model.reference });
    expect(evaluation).toMatchObject({ refitted: false, notes: [] });
    const { datasets, evaluations } = platform.services;
    const version = await datasets.resolve('training@1', caller.workspace);
    const own = await evaluations.scoreRows(model, version, await datasets.source(version));
    expect(evaluation.series.map((point) => point.prediction)).toEqual([...own.slice(-60)]);
  });

  test('candidate and champion are judged alike', async () => {
    const champion = await trainModel(platform, caller);
    const candidate = await trainModel(platform, caller, { learner: 'ridge', split: 'time', holdout: 0 });
    const evaluation = await evaluateModel(platform, caller, {
      model: candidate.reference,
      champion: champion.reference,
    });
    expect(evaluation).toMatchObject({
      refitted: true,
      champion: { name: champion.reference, refitted: true },
      againstChampion: { verdict: 'candidate-better', pairs: 60 },
    });
    expect(evaluation.notes).toHaveLength(2);
    const alone = await evaluateModel(platform, caller, { model: champion.reference });
    expect(evaluation.champion?.metrics).toEqual(alone.metrics);
  });

  test('its figures have intervals, slices are judged apart, rules without features beside it', async () => {
    const model = await trainModel(platform, caller, { learner: 'ridge', split: 'time' });
    const evaluation = await platform.services.evaluations.evaluate(
      {
        ...{ model: model.reference, dataset: 'training@1', target: 'next_close', timeColumn: 'event_time' },
        ...{ window: { last: 60 }, slices: ['close'], quantiles: 3, rounds: 200 },
      },
      caller,
    );
    const { low, high } = evaluation.intervals.mae ?? {};
    expect(low).toBeLessThan(evaluation.metrics.mae ?? 0);
    expect(high).toBeGreaterThan(evaluation.metrics.mae ?? 1);
    expect(evaluation.slices.map(({ rows }) => rows)).toEqual([20, 20, 20]);
    expect(evaluation.naive.map(({ name }) => name)).toEqual(['mean', 'median', 'last']);
    expect(evaluation.residuals?.points).toHaveLength(60);
  });

  test('a score of two classes, run on a table without time, beside itself', async () => {
    const lines = Array.from({ length: 200 }, (_, i) => {
      const day = new Date(Date.UTC(2022, 0, 1 + i)).toISOString().slice(0, 10);
      const x = ((i * 37) % 200) / 100 - 1;
      return `${day},${x},${i % 7},${x > 0 ? 1 : 0}`;
    });
    const content = Buffer.from(`event_time,close,close_1,next_close\n${lines.join('\n')}\n`);
    await platform.services.datasets.commit({ name: 'clicks', format: 'csv', content }, caller);
    const model = await trainModel(platform, caller, {
      reference: 'clicks@1',
      features: ['close', 'close_1'],
    });
    const request = { model: model.reference, target: 'next_close', task: 'binary' } as const;
    const evaluation = await platform.services.evaluations.evaluate(
      { ...request, dataset: 'clicks@1', champion: model.reference, rounds: 100, slices: ['close_1'] },
      caller,
    );
    expect(evaluation).toMatchObject({
      ...{ source: 'model', task: 'binary', model: model.reference, window: { rows: 200 } },
      metrics: { roc_auc: 1, accuracy: 1 },
      againstChampion: { verdict: 'inconclusive', test: 'delong' },
      confusion: { classes: ['0', '1'] },
    });
    expect(evaluation.slices).toHaveLength(7);
    expect(evaluation.notes[0]).toMatch(/was run as it is/);
    await expect(
      platform.services.evaluations.evaluate({ ...request, task: 'multiclass', dataset: 'clicks@1' }, caller),
    ).rejects.toMatchObject({
      code: 'evaluationOutputInvalid',
      message: expect.stringMatching(/2 classes \(0, 1\)/),
    });
  });

  test('rows after its training set are simply new', async () => {
    const own = callerIn('newer');
    await commitTrainingSet(platform, buildPrices(200), own);
    const old = await trainModel(platform, own, { learner: 'ridge', split: 'time', holdout: 0 });
    await commitTrainingSet(platform, buildPrices(300), own);
    const evaluation = await evaluateModel(platform, own, { model: old.reference, last: 50 });
    expect(evaluation).toMatchObject({ dataset: 'training@2', refitted: false, notes: [] });
  });

  test('with every price doubled the errors double', async () => {
    const doubled = callerIn('doubled');
    await commitTrainingSet(platform, buildPrices(300, 2), doubled);
    const settings = { learner: 'trees', seed: 8 } as const;
    const once = await evaluateModel(platform, caller, {
      model: (await trainModel(platform, caller, settings)).reference,
    });
    await trainModel(platform, doubled, settings);
    const twice = await evaluateModel(platform, doubled);
    expect(twice.metrics.mae).toBeCloseTo(2 * (once.metrics.mae ?? 0), 1);
    expect(twice.baseline?.metrics.mae).toBeCloseTo(2 * (once.baseline?.metrics.mae ?? 0), 3);
  });

  test("another system's model is judged as it is, and the evaluation says what is not known", async () => {
    const { experiments, registry } = platform.services;
    const ours = await trainModel(platform, caller);
    const { id: experimentId } = await experiments.ensureExperiment('elsewhere', caller);
    const run = await experiments.createRun({ experimentId }, caller);
    const folder = buildMlflowModel({
      onnx: await registry.readFile(ours, 'model.onnx'),
      example: { names: ['close', 'close_1', 'close_2'], rows: 0, columns: [] },
      trainingRange: [],
      runId: run.id,
      modelUuid: 'u',
      createdAt: new Date(0),
    });
    for (const [path, content] of folder)
      await experiments.putArtifact({ id: run.id, path: `model/${path}`, content }, caller);
    const model = await registry.register({ name: 'foreign', runId: run.id }, caller);
    const evaluation = await evaluateModel(platform, caller, { model: model.reference });
    expect(evaluation.refitted).toBe(false);
    expect(evaluation.notes).toEqual([expect.stringMatching(/How foreign@1 was trained is not known/)]);
    const all = await platform.services.evaluations.list({ model: 'foreign' }, caller);
    expect(all.items.map((item) => item.id)).toEqual([evaluation.id]);
    expect(
      (await platform.services.evaluations.list({ model: 'foreign@latest' }, caller)).items,
    ).toHaveLength(1);
  });
});

describe('refused by name', () => {
  test('columns that are not there or are no numbers, windows that hold nothing, gaps in the data', async () => {
    await trainModel(platform, caller);
    const { evaluations, datasets } = platform.services;
    const request = {
      model: 'forecaster@latest',
      dataset: 'training@1',
      target: 'next_close',
      timeColumn: 'event_time',
    };
    const evaluate = (change: object) => evaluations.evaluate({ ...request, ...change }, caller);
    await expect(evaluate({ target: 'profit' })).rejects.toThrow(/training@1 has no column 'profit'/);
    await expect(evaluate({ baseline: 'symbol' })).rejects.toThrow(/'symbol'.*holds text/);
    await expect(evaluate({ timeColumn: 'symbol' })).rejects.toThrow(/neither time nor number/);
    await expect(evaluate({ window: { from: '2031-01-01' } })).rejects.toThrow(/holds 0 of its 297 rows/);
    await expect(evaluate({ window: { from: 'yesterday' } })).rejects.toThrow(/'yesterday' is no value of/);
    await expect(evaluate({ window: { last: 297 } })).rejects.toThrow(/only 0 rows of training@1 lie before/);
    await expect(evaluate({ dataset: 'prices@1' })).rejects.toMatchObject({
      code: 'evaluationInputsMissing',
      message: expect.stringMatching(/prices@1 does not have: close_1, close_2\./),
    });
    await expect(evaluate({ model: 'nobody@1' })).rejects.toMatchObject({ code: 'modelNotFound' });
    await expect(evaluations.get({ id: 'ev_0' }, caller)).rejects.toMatchObject({
      code: 'evaluationNotFound',
    });

    const csv =
      'event_time,close,close_1,close_2,next_close\n2022-01-03,1,1,1,1\n2022-01-04,1,,1,2\n2022-01-05,1,,1,2\n';
    await datasets.commit({ name: 'gaps', format: 'csv', content: Buffer.from(csv) }, caller);
    await expect(evaluate({ dataset: 'gaps@1', window: { last: 3 } })).rejects.toThrow(
      /Column 'close_1' of gaps@1 has no finite number in 2 of the 3 rows of the window, first at 2022-01-04/,
    );
  });

  test('over HTTP the misspelt field is named', async () => {
    const reply = await platform.http.inject({
      method: 'POST',
      url: '/api/v1/evaluations',
      payload: { model: 'm@1', dataset: 'd@1', target: 'y', timeColumn: 't', windw: {} },
    });
    expect([reply.statusCode, reply.json().error.message]).toEqual([400, expect.stringMatching(/windw/)]);
  });
});
