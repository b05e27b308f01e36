import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelTest, ModelTestCases, TestCheck, TestScope } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeEachPlatform } from '../../testing/each-platform.ts';
import { buildPrices, commitTrainingSet, trainModel } from '../../testing/model-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { until } from '../../testing/until.ts';

const rows = [
  { close: 120, close_1: 119.5, close_2: 119 },
  { close: 150, close_1: 149.6, close_2: 149.2 },
];
const cases: ModelTestCases = {
  features: [
    {
      name: 'lags look back',
      view: 'lags',
      given: {
        prices: [
          { symbol: 'A', date: '2024-01-01', close: 1 },
          { symbol: 'A', date: '2024-01-02', close: 2 },
          { symbol: 'A', date: '2024-01-03', close: 4 },
        ],
      },
      expect: [{ symbol: 'A', date: '2024-01-03', close: 4, close_1: 2, close_2: 1 }],
    },
    {
      name: 'spread on demand',
      service: 'spreads',
      row: { symbol: 'A', close: 4, close_1: 2.5 },
      expect: [{ spread: 1.5 }],
    },
    {
      name: 'as a training set joins them',
      service: 'spreads',
      given: {
        prices: [
          { symbol: 'A', date: '2024-01-01', close: 1 },
          { symbol: 'A', date: '2024-01-02', close: 2 },
          { symbol: 'A', date: '2024-01-03', close: 4 },
        ],
      },
      entities: [{ symbol: 'A', event_time: '2024-01-05' }],
      expect: [{ close: 4, spread: 2 }],
    },
  ],
  acceptance: [
    { name: 'a price is positive', kind: 'must-hold', holds: 'prediction > 0.0', limit: 50 },
    {
      name: 'dearer today, dearer tomorrow',
      kind: 'directional',
      rows,
      change: { close: 'close + 5.0', close_1: 'close_1 + 5.0', close_2: 'close_2 + 5.0' },
      expect: 'increase',
    },
    {
      name: 'a speck of noise moves nothing',
      kind: 'invariance',
      rows,
      change: { close: 'close + 0.0001' },
      tolerance: 0.001,
    },
  ],
};

describeEachPlatform('tests of models', (database) => {
  let platform: TestPlatform;
  let reference: string;

  beforeAll(async () => {
    platform = await createTestPlatform(await database());
    const { services, caller } = platform;
    await commitTrainingSet(platform, buildPrices(160), caller);
    await services.features.services.put(
      {
        name: 'spreads',
        features: ['lags'],
        onDemand: [{ name: 'spread', type: 'double', expression: 'close - close_1' }],
      },
      caller,
    );
    ({ reference } = await trainModel(platform, caller, { learner: 'ridge' }));
  });
  afterAll(() => platform.close());

  const call = async (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) => {
    const reply = await platform.http.inject({ method, url: `/api/v1${url}`, ...(payload && { payload }) });
    return { status: reply.statusCode, body: reply.json() };
  };
  const declare = (given: ModelTestCases) => call('PUT', '/models/forecaster/test-cases', given);
  const ended = (id: string): Promise<ModelTest> =>
    until(
      async () => (await call('GET', `/model-tests/${id}`)).body as ModelTest,
      ({ state }) => state !== 'queued' && state !== 'running',
    );
  const run = async (scopes?: TestScope[], version = '1'): Promise<ModelTest> => {
    const { status, body } = await call('POST', `/models/forecaster/versions/${version}/tests`, { scopes });
    expect([status, body.error?.message]).toEqual([202, undefined]);
    return ended(body.id);
  };
  const checksOf = (result: ModelTest, scope: TestScope): TestCheck[] =>
    result.scopes.find((each) => each.scope === scope)?.checks ?? [];
  const only = (result: ModelTest, scope: TestScope, name: string): TestCheck => {
    const found = checksOf(result, scope).find((each) => each.name === name);
    if (!found) throw new Error(`no check ${name}: ${JSON.stringify(result)}`);
    return found;
  };

  test('all four scopes of a sound version pass, and leave nothing behind', async () => {
    expect((await declare(cases)).status).toBe(200);
    const { datasets, experiments } = platform.services;
    const { id } = await experiments.ensureExperiment('notebook', platform.caller);
    const counted = async () => (await call('POST', '/runs/count', { experimentIds: [id] })).body.total;
    const before = await counted();
    const result = await run();
    expect(JSON.stringify(result.scopes.filter(({ outcome }) => outcome !== 'passed'))).toBe('[]');
    expect(result).toMatchObject({ model: reference, state: 'passed', error: null, createdBy: 'user:owner' });
    expect(checksOf(result, 'unit').map(({ name }) => name)).toEqual([
      ...['input-example', 'lags look back', 'spread on demand', 'as a training set joins them'],
    ]);
    expect(checksOf(result, 'integration').map(({ name }) => name)).toEqual([
      ...['dataset', 'dataset:prices@1', 'training'],
    ]);
    expect(only(result, 'integration', 'training').numbers.mae).toBeGreaterThan(0);
    expect(only(result, 'system', 'in-process endpoint').numbers).toMatchObject({ rows: 20, failed: 0 });
    expect(only(result, 'acceptance', 'a price is positive').numbers).toMatchObject({ rows: 50, failed: 0 });
    expect((await datasets.list({}, platform.caller)).items.map(({ name }) => name)).toEqual([
      ...['prices', 'training'],
    ]);
    expect([before, await counted()]).toEqual([1, 1]);
    expect(readdirSync(join(platform.folder, 'tmp'))).toEqual([]);
    const listed = await call('GET', '/models/forecaster/versions/1/tests');
    expect(listed.body.items[0]).toEqual(result);
  });

  test('what does not hold fails with counts and the first rows', async () => {
    await declare({
      features: [
        { name: 'wrong', service: 'spreads', row: { close: 4, close_1: 2 }, expect: [{ spread: 3 }] },
      ],
      acceptance: [
        {
          name: 'falls',
          kind: 'directional',
          rows,
          change: { close: 'close * 2.0', close_1: 'close_1 * 2.0', close_2: 'close_2 * 2.0' },
          expect: 'decrease',
        },
        { name: 'half', kind: 'must-hold', rows, holds: 'prediction > 130.0', share: 0.5 },
        { name: 'all', kind: 'must-hold', rows, holds: 'prediction > 130.0' },
      ],
    });
    const result = await run(['unit', 'acceptance']);
    expect(result.state).toBe('failed');
    expect(only(result, 'unit', 'wrong')).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining('1 of 1 row are not as expected'),
      rows: [{ row: 1, expected: { spread: 3 }, found: { spread: 2 } }],
    });
    const falls = only(result, 'acceptance', 'falls');
    expect(falls).toMatchObject({ outcome: 'failed', numbers: { rows: 2, failed: 2, share: 0 } });
    expect(falls.rows[0]).toMatchObject({ close: 120, 'close becomes': 240 });
    expect(only(result, 'acceptance', 'half').outcome).toBe('passed');
    expect(only(result, 'acceptance', 'all')).toMatchObject({
      outcome: 'failed',
      message: '1 of 2 rows: prediction > 130.0',
    });
  });

  test('a case that could prove nothing fails and says why', async () => {
    await declare({
      acceptance: [
        { name: 'typo', kind: 'must-hold', rows, holds: 'prediction > clse' },
        { name: 'no input', kind: 'invariance', rows, change: { volume: '1.0' } },
        { name: 'no rows', kind: 'must-hold', rows, where: 'close > 1000.0', holds: 'prediction > 0.0' },
        { name: 'no change', kind: 'invariance', rows, change: { close: 'close * 1.0' } },
        { name: 'lacking', kind: 'must-hold', rows: [{ close: 1 }], holds: 'prediction > 0.0' },
        { name: 'gone', kind: 'must-hold', dataset: 'nothing@7', holds: 'prediction > 0.0' },
      ],
    });
    const result = await run(['acceptance']);
    const told = checksOf(result, 'acceptance').map(({ outcome, message }) => `${outcome}: ${message}`);
    expect(told[0]).toMatch(
      /^failed: 'prediction > clse' reads 'clse', but its rows has close, close_1, close_2/,
    );
    expect(told[1]).toMatch(
      /^failed: 'volume' is no input of forecaster@1, .* its inputs are close, close_1/,
    );
    expect(told[2]).toMatch(/^failed: no row of its rows is left where close > 1000/);
    expect(told[3]).toMatch(/^failed: the change leaves 2 rows as they are/);
    expect(told[4]).toMatch(/^failed: .*close_1, close_2/);
    expect(told[5]).toMatch(/^failed: .*nothing/);
  });

  test('cases that can never be run are refused when they are declared', async () => {
    const refused = async (given: ModelTestCases) => {
      const { status, body } = await declare(given);
      return [status, body.error?.code, body.error?.message];
    };
    const holds = { name: 'a', kind: 'must-hold', holds: 'prediction > 0.0' } as const;
    expect(await refused({ acceptance: [holds, holds] })).toEqual([
      ...[400, 'testCaseInvalid', expect.stringMatching(/'a' of 'forecaster' .* its name is taken twice/)],
    ]);
    expect((await refused({ acceptance: [{ ...holds, holds: 'close > 1.0' }] }))[2]).toMatch(
      /does not speak of the prediction/,
    );
    expect((await refused({ acceptance: [{ ...holds, holds: 'prediction >' }] }))[1]).toBe('testCaseInvalid');
    expect(
      (await refused({ acceptance: [{ name: 'b', kind: 'invariance', change: { x: 'x' } }] }))[2],
    ).toMatch(/leaves it as it is/);
    expect((await refused({ features: [{ name: 'c', view: 'v', service: 's', expect: [{}] }] }))[2]).toMatch(
      /either 'service' or 'view'/,
    );
  });

  test('an endpoint is asked by REST, logs nothing of it, and a lying one is found out', async () => {
    const { governance, endpoints, predictions } = platform.services;
    await declare({ acceptance: [] });
    await governance.putGate(
      { name: 'forecaster', rules: [{ name: 'any', expression: 'metrics.mae < 1e9', message: 'no' }] },
      platform.caller,
    );
    const approve = { name: 'forecaster', version: '1', reason: 'for a test', override: true };
    await governance.approve(approve, platform.caller);
    const variants = [{ name: 'a', model: reference, weight: 1 }];
    await endpoints.put({ name: 'forecast', variants, entity: ['symbol'] }, platform.caller);
    const asked = only(await run(['system']), 'system', 'endpoint forecast');
    expect(asked).toMatchObject({ outcome: 'passed', numbers: { rows: 20, fallback: 0 } });
    expect((await predictions.list({ name: 'forecast' }, platform.caller)).items).toEqual([]);
    await endpoints.put({ name: 'forecast', variants, entity: ['symbol'], fallback: '1.0' }, platform.caller);
    await endpoints.forceFallback({ name: 'forecast', enabled: true, reason: 'drill' }, platform.caller);
    expect(only(await run(['system']), 'system', 'endpoint forecast')).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining('the rule answered: switched to the rule: drill'),
    });
    await endpoints.delete({ name: 'forecast' }, platform.caller);
  });

  test('what is proved is what approvals ask for; changed cases make results stale', async () => {
    const { pipelines, registry } = platform.services;
    await declare(cases);
    await run();
    const version = await registry.resolve(reference, 'default');
    expect((await pipelines.proofsOf(version, platform.caller)).tests.passed).toBe(true);
    await declare({ ...cases, features: [] });
    const { tests } = await pipelines.proofsOf(version, platform.caller);
    expect(tests).toEqual({
      ...{ unit: 'none', integration: 'passed', system: 'passed', acceptance: 'none', passed: false },
    });
    const commit = 'a'.repeat(40);
    const tags = { 'mlflow.source.git.commit': commit };
    expect((await call('POST', `/runs/${version.runId}/batch`, { tags })).status).toBe(200);
    expect((await pipelines.proofsOf(version, platform.caller)).ci).toEqual({
      commit,
      isDirty: false,
      status: 'none',
    });
    const say = (status: string, name?: string) => call('POST', '/ci', { commit, status, name });
    expect((await say('failed')).status).toBe(201);
    await say('passed', 'lint');
    expect((await pipelines.proofsOf(version, platform.caller)).ci.status).toBe('failed');
    await say('passed');
    expect((await pipelines.proofsOf(version, platform.caller)).ci.status).toBe('passed');
    expect((await call('GET', `/ci?commit=${commit}&limit=2`)).body.items).toHaveLength(2);
    expect((await call('POST', '/ci', { commit: 'abc', status: 'passed' })).status).toBe(400);
  });

  test('one at a time, cancelled once; a version that is not there is named', async () => {
    const start = () => call('POST', '/models/forecaster/versions/1/tests', {});
    const [first, second] = await Promise.all([start(), start()]);
    expect(first.body.id).toBe(second.body.id);
    const cancelled = await Promise.all([
      ...[1, 2].map(() => call('POST', `/model-tests/${first.body.id}/cancel`)),
    ]);
    expect(cancelled.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await ended(first.body.id)).state).toBe('cancelled');
    expect((await call('POST', '/models/forecaster/versions/9/tests', {})).status).toBe(404);
    expect((await call('GET', '/model-tests/mt_none')).body.error.code).toBe('modelTestNotFound');
  });

  describe('whoever may only invoke', () => {
    test('cannot probe', async () => {
      const input = { name: 'x', records: [{}], probe: true };
      const invoker = { ...platform.caller, role: 'invoker' as const };
      await expect(platform.services.endpoints.predict(input, invoker)).rejects.toThrow(/permission 'read'/);
    });
  });
});
