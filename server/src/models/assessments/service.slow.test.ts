import { randomBytes } from 'node:crypto';
import type { Assessment, GateCheck, ModelInspection, TestScore } from '@tidemill/contract';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPostgresThere, postgresUrl } from '../../testing/each-database.ts';
import { buildPrices, commitTrainingSet, evaluateModel, trainModel } from '../../testing/model-wing.ts';
import { fixtures } from '../../testing/pickles.ts';
import { createTestPlatform, owner, type TestPlatform } from '../../testing/platform.ts';

let platform: TestPlatform;

function onPlatform(options: () => Promise<{ postgres?: string }>): void {
  beforeAll(async () => {
    platform = await createTestPlatform(await options());
    await commitTrainingSet(platform, buildPrices(300), owner);
    await trainModel(platform, owner);
  }, 60_000);
  afterAll(() => platform.close());
}

/** Servers take databases, not schemas. */
async function createDatabase(): Promise<{ postgres: string }> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  afterAll(async () => {
    await client.query(`drop database ${name} with (force)`);
    await client.end();
  });
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return { postgres: url.href };
}

interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}
const call = async <T>(method: 'GET' | 'PUT' | 'POST', url: string, body?: object) => {
  const reply = await platform.http.inject({ method, url: `/api/v1${url}`, ...(body && { payload: body }) });
  return { status: reply.statusCode, body: reply.json() as T };
};
const assess = async (kind: string, body: object, model = 'forecaster/versions/1') => {
  const { status, body: found } = await call<Assessment & Failure>(
    'POST',
    `/models/${model}/assessments/${kind}`,
    body,
  );
  return { ...found, status };
};
const derive = (name: string, sql: string) => platform.services.datasets.derive({ name, sql }, owner);

function measuresAndGates(): void {
  test('rows of the test that were learned from are found exactly, with examples', async () => {
    await derive(
      'held',
      `select * from (select * from training order by event_time limit 20)
       union all select * replace (close + 5000 as close, event_time + interval 3 year as event_time, 'NEW' as symbol)
         from (select * from training order by event_time limit 80)`,
    );
    const found = await assess('leakage', { test: 'held@1', key: ['symbol'] });
    expect(found.error?.message).toBeUndefined();
    expect(found.status).toBe(201);
    expect(found.leakage).toMatchObject({
      train: 'training@1',
      test: 'held@1',
      testRows: 100,
      duplicates: { columns: ['close', 'close_1', 'close_2'], rows: 20, share: 0.2 },
      entities: { columns: ['symbol'], rows: 20, share: 0.2 },
      order: { column: 'event_time', rows: 20, share: 0.2 },
      threshold: 0.99,
    });
    expect(found.leakage?.duplicates.examples).toHaveLength(5);
    expect(found.leakage?.duplicates.examples[0]).toMatchObject({ row: 1, close: expect.any(Number) });
    expect(found.leakage?.powers.map(({ measure }) => measure)).toEqual(Array(3).fill('spearman'));
    expect(found.notes.join(' ')).toMatch(/joined as of the time of each row/);
  });

  test('a column that holds the label, and one that was known after it', async () => {
    await derive(
      'cheating',
      `select *, next_close * 3 as copy, event_time + interval 2 day as seen_at, event_time + interval 1 day as told_at from training`,
    );
    const found = await assess('leakage', {
      train: 'cheating@1',
      test: 'cheating@1',
      columns: ['close', 'copy'],
      target: 'next_close',
      featureTimes: ['seen_at', 'event_time'],
      labelTime: 'told_at',
    });
    expect(found.leakage?.powers[0]).toEqual({
      feature: 'copy',
      measure: 'spearman',
      power: 1,
      suspicious: true,
    });
    const rows = found.leakage?.trainRows;
    expect(found.leakage?.later).toMatchObject([
      { column: 'seen_at', labelTime: 'told_at', rows, share: 1 },
      { column: 'event_time', rows: 0, share: 0, examples: [] },
    ]);
    const unnamed = await assess('leakage', { test: 'training@1', featureTimes: ['event_time'] });
    expect(unnamed).toMatchObject({ status: 422, error: { code: 'assessmentInvalid' } });
    expect(unnamed.error.message).toMatch(/labelTime/);
    const foreign = await assess('leakage', { test: 'prices@1' });
    expect(foreign.error.message).toMatch(/close_1, close_2/);
  });

  test('single predictions are timed on this machine', async () => {
    const found = await assess('latency', { predictions: 200 });
    const { latency } = found;
    expect(latency).toMatchObject({ dataset: 'training@1', runtime: 'onnx', predictions: 200, warmup: 20 });
    expect(latency?.machine).toMatchObject({ cores: expect.any(Number), name: expect.stringMatching(/./) });
    const { p50_ms = 0, p95_ms = 0, p99_ms = 0, max_ms = 0 } = latency ?? {};
    expect(p50_ms).toBeGreaterThan(0);
    expect([p50_ms, p95_ms, p99_ms, max_ms]).toEqual([p50_ms, p95_ms, p99_ms, max_ms].sort((a, b) => a - b));
  });

  test('served rows that are as learned from, and some that are not', async () => {
    await derive('served', 'select * from training');
    const same = await assess('skew', { served: 'served@1', key: ['symbol', 'event_time'] });
    expect(same.skew).toMatchObject({
      train: 'training@1',
      served: 'served@1',
      matched: same.skew?.trainRows,
    });
    for (const feature of same.skew?.features ?? [])
      expect(feature).toMatchObject({ psi: 0, pValue: 1, unequal: 0, outOfRange: 0, shifted: false });
    await derive(
      'served',
      'select * replace (close * 1.5 as close, case when close > 150 then null else close_1 end as close_1) from training',
    );
    const other = await assess('skew', { served: 'served@2', key: ['symbol', 'event_time'] });
    const first = other.skew?.features.find(({ feature }) => feature === 'close');
    expect(first).toMatchObject({ feature: 'close', unequal: 1, shifted: true });
    expect(first?.outOfRange).toBeGreaterThan(0.2);
    expect(other.skew?.features.find(({ feature }) => feature === 'close_1')?.missingServed).toBeGreaterThan(
      0.3,
    );
    expect(other.skew?.features.find(({ feature }) => feature === 'close_2')).toMatchObject({
      psi: 0,
      unequal: 0,
    });
    expect((await assess('skew', {})).error.message).toMatch(/names no served rows/);
    expect((await assess('skew', { endpoint: 'nothing' })).status).toBe(404);
  });

  test('a gate reads the newest of each; what was not measured says how to measure it', async () => {
    const evaluation = await evaluateModel(platform, owner, { model: 'forecaster@1' });
    await call('PUT', '/datasets/training/expectations', {
      expectations: [{ kind: 'notNull', column: 'close' }],
    });
    const { body: list } = await call<{ titles: string[] }>('GET', '/datasets/training/expectations');
    await call('POST', '/datasets/training/versions/1/validations', {});
    const rules = [
      ['duplicates', 'leakage.duplicate_share <= 0.1'],
      ['fast', 'latency.p95_ms < 10000.0 && latency.cores > 0'],
      ['steady', 'skew.max_psi < 0.1'],
      ['fair', 'fairness.equal_opportunity_difference < 0.1'],
      ['data', `data.expectations["${list.titles[0]}"]`],
    ].map(([name, expression]) => ({ name, expression, message: `${name}!` }));
    expect((await call('PUT', '/models/forecaster/gate', { rules })).status).toBe(200);
    const check = async () =>
      (
        await call<GateCheck>('POST', '/models/forecaster/versions/1/gate-checks', {
          evaluation: evaluation.id,
        })
      ).body;
    await assess('leakage', { test: 'held@1' });
    const { results } = await check();
    expect(results.map(({ rule, passed }) => [rule, passed])).toEqual([
      ['duplicates', false],
      ['fast', true],
      ['steady', false],
      ['fair', false],
      ['data', true],
    ]);
    expect(results[0]?.message).toBe('duplicates!: leakage.duplicate_share = 0.2');
    expect(results[3]?.message).toMatch(/Nothing is known of 'fairness': evaluate with --task binary/);
    await assess('leakage', { test: 'held@1', columns: ['symbol', 'close', 'event_time'] });
    await derive('fresh', `select * replace (close + 9000 as close) from training`);
    await assess('leakage', { test: 'fresh@1' });
    expect((await check()).results[0]).toMatchObject({ passed: true });
    const { body } = await call<{ items: Assessment[] }>(
      'GET',
      '/models/forecaster/versions/1/assessments?kind=leakage',
    );
    expect(body.items[0]?.leakage?.test).toBe('fresh@1');
  });

  test('the ML Test Score finds what was measured, takes what people say, and stands in the card', async () => {
    const path = '/models/forecaster/versions/1/test-score';
    const score = async () => (await call<TestScore>('GET', path)).body;
    const pointsOf = async (id: string) => (await score()).tests.find((each) => each.id === id);
    expect(await pointsOf('monitoring-6')).toMatchObject({ points: 1, how: 'automated' });
    expect(await pointsOf('data-1')).toMatchObject({ points: 1, how: 'automated' });
    expect(await pointsOf('monitoring-3')).toMatchObject({ points: 0, how: 'none' });
    expect(await pointsOf('data-5')).toMatchObject({ points: 0, automatable: false });
    const attest = (note: string, test = 'data-5') =>
      call<Failure>('PUT', `/models/forecaster/test-score/${test}`, { note });
    expect((await attest('reviewed in May')).status).toBe(200);
    expect((await attest('  ')).body.error.code).toBe('attestationNoteMissing');
    expect((await attest('x', 'data-8')).status).toBe(400);
    expect(await pointsOf('data-5')).toMatchObject({
      points: 0.5,
      evidence: 'user:owner says: reviewed in May',
    });
    const found = await score();
    expect(found.sections.find(({ section }) => section === 'data')?.points).toBe(1.5);
    expect(found.score).toBe(Math.min(...found.sections.map(({ points }) => points)));
    const { body: card } = await call<{ score: TestScore }>('GET', '/models/forecaster/versions/1/card');
    expect(card.score).toEqual(found);
    const withdraw = () =>
      platform.http.inject({ method: 'DELETE', url: '/api/v1/models/forecaster/test-score/data-5' });
    expect((await withdraw()).statusCode).toBe(200);
    expect((await withdraw()).json<Failure>().error.code).toBe('attestationNotFound');
  });

  test('the files of a version are looked into, and nothing of them is run', async () => {
    const inspect = async (of: string) =>
      call<ModelInspection & Failure>('GET', `/models/${of}/versions/1/inspection`);
    const ours = await inspect('forecaster');
    expect(ours.body).toMatchObject({
      inputs: [{ name: 'close', type: 'double', required: true, shape: null }, {}, {}],
      outputs: [{ name: 'prediction', type: 'double' }],
      example: { path: 'input_example.json', columns: ['close', 'close_1', 'close_2'], text: null },
      pickles: [],
    });
    expect(ours.body.example?.rows).toHaveLength(5);
    expect(ours.body.frameworks).toContainEqual({ name: 'python', version: '3.12.0', from: 'MLmodel' });
    const { experiments, registry } = platform.services;
    const experiment = await experiments.ensureExperiment('strangers', owner);
    const run = await experiments.createRun({ experimentId: experiment.id }, owner);
    const inputs = [{ type: 'tensor', 'tensor-spec': { dtype: 'float64', shape: [-1, 4] } }];
    const files = {
      MLmodel: [
        'flavors:\n  python_function: {loader_module: mlflow.sklearn, python_version: 3.10.1}',
        '  sklearn: {pickled_model: model.pkl, sklearn_version: 1.4.2}',
        `mlflow_version: 2.1.0\nsignature: {inputs: '${JSON.stringify(inputs)}', outputs: null}`,
      ].join('\n'),
      'requirements.txt': 'mlflow==2.1.0\nscikit-learn==1.4.2\nnumpy==1.26.4\n',
      'model.pkl': Buffer.from(fixtures.system4, 'base64'),
    };
    for (const [path, text] of Object.entries(files))
      await experiments.putArtifact({ id: run.id, path: `model/${path}`, content: Buffer.from(text) }, owner);
    await registry.register({ name: 'stranger', runId: run.id }, owner);
    const { body } = await inspect('stranger');
    expect(body).toMatchObject({
      inputs: [{ name: '', type: 'tensor(float64)', shape: [-1, 4] }],
      example: null,
      pickles: [{ path: 'model.pkl', outside: ['posix.system'], complete: true }],
      frameworks: [
        { name: 'python', version: '3.10.1' },
        { name: 'mlflow', version: '2.1.0', from: 'MLmodel' },
        { name: 'scikit-learn', version: '1.4.2', from: 'MLmodel' },
        { name: 'numpy', version: '1.26.4', from: 'requirements.txt' },
      ],
    });
    expect(body.warnings.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      expect.stringMatching(/^import model\.pkl imports .*posix\.system/),
      expect.stringMatching(/^advisory mlflow 2\.1\.0 .*CVE-2023-1177/),
      expect.stringMatching(/^advisory scikit-learn 1\.4\.2 .*CVE-2024-5206/),
    ]);
    expect((await inspect('stranger')).body).toEqual(body);
    expect((await inspect('nobody')).status).toBe(404);
  });

  test('gaps between groups come from the slices of an evaluation of the same model', async () => {
    // sex f: tp 30, fp 10, fn 10, tn 50; m: tp 60, fp 30, fn 0, tn 10.
    const cells = [
      ...[
        ['f', 1, 0.9, 30],
        ['f', 0, 0.9, 10],
        ['f', 1, 0.1, 10],
        ['f', 0, 0.1, 50],
      ],
      ...[
        ['m', 1, 0.9, 60],
        ['m', 0, 0.9, 30],
        ['m', 0, 0.1, 10],
      ],
    ];
    const lines = cells.flatMap(([sex, y, p, n]) => Array<string>(Number(n)).fill(`${sex},${y},${p}`));
    const content = Buffer.from(`sex,y,p\n${lines.join('\n')}\n`);
    await platform.services.datasets.commit({ name: 'scored', format: 'csv', content }, owner);
    const without = await assess('fairness', { columns: ['sex'] });
    expect(without.error.message).toMatch(/none of its newest 0 binary evaluations .* --slices sex/);
    const request = {
      dataset: 'scored@1',
      target: 'y',
      predictions: { score: 'p' },
      task: 'binary',
      model: 'forecaster@1',
    };
    const judged = await call<{ id: string }>('POST', '/evaluations', { ...request, slices: ['sex'] });
    expect(judged.status).toBe(201);
    const found = await assess('fairness', { columns: ['sex'] });
    expect(found.fairness?.evaluation).toBe(judged.body.id);
    const [sex] = found.fairness?.columns ?? [];
    expect(sex?.groups).toMatchObject([
      { group: 'f', rows: 100, positives: 40, selectionRate: 0.4, truePositiveRate: 0.75, small: false },
      {
        group: 'm',
        rows: 100,
        positives: 60,
        selectionRate: 0.9,
        truePositiveRate: 1,
        falsePositiveRate: 0.75,
      },
    ]);
    expect(sex?.gaps.demographic_parity_difference.value).toBeCloseTo(0.5, 12);
    expect(sex?.gaps.equal_opportunity_difference.value).toBeCloseTo(0.25, 12);
    expect(sex?.gaps.equalized_odds_difference.value).toBeCloseTo(0.75 - 10 / 60, 12);
  });
}

describe.skipIf(!isPostgresThere)('assessments [postgres]', () => {
  onPlatform(createDatabase);
  measuresAndGates();
});

describe('assessments [sqlite]', () => {
  onPlatform(async () => ({}));
  measuresAndGates();
});
