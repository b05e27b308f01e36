import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../base/logger.ts';
import { mlflowApi } from '../../http/mlflow/mlflow-api.ts';
import { createHttp } from '../../http/server.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../testing/experiments.ts';
import { experimentsMlflowOperations, mlflowArtifactRoutes } from './mlflow-routes.ts';

type Reply = Record<string, unknown> & { status: number };

const api = '/api/2.0/mlflow/';
const files = '/api/2.0/mlflow-artifacts/artifacts';

describeEachDatabase('the MLflow door', (open) => {
  let own: TestExperiments;
  let http: Awaited<ReturnType<typeof createHttp>>;
  const routes: { url: string; permission: unknown }[] = [];

  beforeAll(async () => {
    own = await createTestExperiments(await open());
    http = await createHttp({
      logger: createLogger('silent'),
      version: '0.0.0',
      allowedHosts: [],
      authenticate: async () => ({ actor: 'user:tester', role: 'admin', workspace: 'default' }),
      assertReach: async () => {},
    });
    http.addHook('onRoute', ({ url, config }) => {
      routes.push({ url, permission: config?.permission });
    });
    await http.register(mlflowApi(experimentsMlflowOperations(own.experiments)));
    await http.register(mlflowArtifactRoutes(own.experiments));
  });
  afterAll(async () => {
    await http.close();
    await own.close();
  });

  /** Status and JSON of the reply. */
  const post = async (path: string, payload: unknown = {}, base = api) => {
    const reply = await http.inject({
      method: 'POST',
      url: base + path,
      headers: { host: 'localhost', 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
    return { status: reply.statusCode, ...(reply.json() as object) } as Reply;
  };
  const get = async (url: string) => {
    const reply = await http.inject({ url, headers: { host: 'localhost' } });
    return { status: reply.statusCode, ...(reply.json() as object) } as Reply;
  };
  const newRun = async (fields: object = {}) => {
    const { run } = await post('runs/create', { experiment_id: '0', ...fields });
    return (run as { info: { run_id: string } }).info.run_id;
  };
  const getRun = async (id: string) => (await get(`${api}runs/get?run_id=${id}`)).run;

  describe('reading requests', () => {
    test('integers may be text, enums numbers, unknown fields and a second JSON coat are no trouble', async () => {
      const id = await newRun({ start_time: '1700000000000', run_name: 'x', surprise: true });
      const body = { run_uuid: id, status: 3, end_time: '1700000000005', more: 1 };
      const { run_info } = await post('runs/update', JSON.stringify(JSON.stringify(body)));
      expect(run_info).toMatchObject({
        run_id: id,
        run_uuid: id,
        status: 'FINISHED',
        start_time: 1_700_000_000_000,
        end_time: 1_700_000_000_005,
      });
      expect(await post('runs/update', { run_id: id, status: 'BOGUS' })).toMatchObject({ status: 200 });
    });

    test.each([
      ['runs/create', '{broken', 'experiment_id'],
      ['runs/create', '', 'experiment_id'],
      ['runs/create', '[1]', 'experiment_id'],
      ['runs/log-metric', { run_id: 'a', key: 'k', value: 1 }, 'timestamp'],
      ['runs/log-parameter', { run_id: 'a', key: '', value: '1' }, 'key'],
      ['experiments/search', {}, 'max_results'],
    ])('%s with %j misses %s', async (path, body, field) => {
      expect(await post(path, body)).toMatchObject({
        status: 400,
        error_code: 'INVALID_PARAMETER_VALUE',
        message: expect.stringContaining(`Missing value for required parameter '${field}'`),
      });
    });

    test.each([
      ['runs/log-metric', { value: true }],
      ['runs/log-metric', { value: 'much' }],
      ['runs/log-metric', { timestamp: -1 }],
      ['runs/log-metric', { timestamp: 1.5 }],
      ['runs/log-metric', { step: '9223372036854775807' }],
      ['runs/log-metric', { key: '../k' }],
      ['runs/log-metric', { run_id: '../x' }],
      ['runs/search', { experiment_ids: ['0'], max_results: 0 }],
      ['runs/search', { experiment_ids: ['0'], max_results: 1e9 }],
      ['runs/search', { experiment_ids: ['0'], page_token: 'what' }],
      ['runs/search', { experiment_ids: ['0'], filter: 'metrics.a > 1 OR 1' }],
      ['experiments/search', { max_results: 50_001 }],
      ['experiments/create', { name: 'x'.repeat(1_000_000) }],
      ['experiments/create', { name: 'e', artifact_location: 'file:///etc' }],
      ['experiments/delete', { experiment_id: 'one' }],
    ])('%s with %j is refused', async (path, fields) => {
      const id = await newRun();
      const body = { run_id: id, key: 'k', value: 1, timestamp: 1, ...fields };
      expect(await post(path, body)).toMatchObject({ status: 400, error_code: 'INVALID_PARAMETER_VALUE' });
    });

    test('a form post is not taken for JSON', async () => {
      const reply = await http.inject({
        method: 'POST',
        url: `${api}experiments/create`,
        headers: { host: 'localhost', 'content-type': 'text/plain' },
        payload: '{"name":"x"}',
      });
      expect(reply.statusCode).toBe(400);
      expect(reply.json()).toMatchObject({ message: expect.stringContaining("['application/json']") });
    });

    test('a batch has its limits, long values are cut', async () => {
      const id = await newRun();
      const params = Array.from({ length: 101 }, (_, index) => ({ key: `p${index}`, value: '1' }));
      expect(await post('runs/log-batch', { run_id: id, params })).toMatchObject({ status: 400 });
      const twice = [
        { key: 'p', value: '1' },
        { key: 'p', value: '1' },
      ];
      expect(await post('runs/log-batch', { run_id: id, params: twice })).toMatchObject({ status: 400 });
      const long = { key: 'long', value: '😀'.repeat(7_000) };
      await post('runs/log-batch', { run_id: id, params: [long] });
      expect(await getRun(id)).toMatchObject({ data: { params: [{ value: '😀'.repeat(6_000) }] } });
    });
  });

  describe('replies', () => {
    test('NaN is text, infinities are the largest numbers, empty lists are left out', async () => {
      const id = await newRun({ run_name: 'bare' });
      expect(await getRun(id)).toEqual({
        info: expect.objectContaining({
          artifact_uri: `mlflow-artifacts:/0/${id}/artifacts`,
          lifecycle_stage: 'active',
        }),
        data: { tags: [{ key: 'mlflow.runName', value: 'bare' }] },
        inputs: {},
      });
      for (const [key, value] of [
        ['nan', 'NaN'],
        ['up', 'Infinity'],
        ['down', '-Infinity'],
      ])
        await post('runs/log-metric', { run_id: id, key, value, timestamp: 1 });
      expect(await getRun(id)).toMatchObject({
        data: {
          metrics: [
            { key: 'down', value: -Number.MAX_VALUE, timestamp: 1, step: 0 },
            { key: 'nan', value: 'NaN' },
            { key: 'up', value: Number.MAX_VALUE },
          ],
        },
      });
    });

    test.each([
      ['experiments/create', { name: 'Default' }, 400, 'RESOURCE_ALREADY_EXISTS'],
      ['experiments/delete', { experiment_id: '999999' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
      ['experiments/restore', { experiment_id: '0' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
      ['runs/delete', { run_id: '0'.repeat(32) }, 404, 'RESOURCE_DOES_NOT_EXIST'],
      ['users/create', { username: 'm' }, 501, 'NOT_IMPLEMENTED'],
      ['traces/search', {}, 501, 'NOT_IMPLEMENTED'],
      ['no/such/thing', {}, 404, 'ENDPOINT_NOT_FOUND'],
    ])('%s with %j: %i %s', async (path, body, status, code) => {
      for (const base of [api, '/ajax-api/2.0/mlflow/'])
        expect(await post(path, body, base)).toMatchObject({
          status,
          error_code: code,
          message: expect.any(String),
        });
    });

    test('a history without max_results is whole, with it comes in pages', async () => {
      const id = await newRun();
      const metrics = [1, 2, 3].map((step) => ({ key: 'm', value: step, timestamp: step, step }));
      await post('runs/log-batch', { run_id: id, metrics });
      const url = `${api}metrics/get-history?run_id=${id}&metric_key=m`;
      expect(await get(url)).toEqual({ status: 200, metrics });
      const first = await get(`${url}&max_results=2`);
      expect(first).toMatchObject({ metrics: metrics.slice(0, 2), next_page_token: expect.any(String) });
      const rest = await get(`${url}&max_results=2&page_token=${first.next_page_token}`);
      expect(rest).toEqual({ status: 200, metrics: metrics.slice(2) });
    });

    test('a value that may not change, and a run that may not be written to', async () => {
      const id = await newRun();
      const parameter = (value: string) => post('runs/log-parameter', { run_id: id, key: 'p', value });
      expect(await parameter('1')).toEqual({ status: 200 });
      expect(await parameter('1')).toEqual({ status: 200 });
      const changed = { status: 400, error_code: 'INVALID_PARAMETER_VALUE' };
      expect(await parameter('2')).toMatchObject({
        ...changed,
        message: expect.stringMatching(/^Changing param/),
      });
      await post('runs/delete', { run_id: id });
      expect(await parameter('1')).toMatchObject({
        ...changed,
        message: expect.stringContaining("'active' state"),
      });
    });
  });

  describe('artifacts', () => {
    const put = (path: string, payload: string | Buffer, type = 'text/plain') =>
      http.inject({
        method: 'PUT',
        url: `${files}/${path}`,
        headers: { host: 'localhost', 'content-type': type },
        payload,
      });

    test('go in and out as bytes, JSON too, and leave as attachments', async () => {
      const id = await newRun();
      const odd = `0/${id}/artifacts/a%20b/50%25+~.html`;
      expect((await put(odd, '<script>')).json()).toEqual({});
      await put(`0/${id}/artifacts/x.json`, '{ not json', 'application/json');
      const got = await http.inject({ url: `${files}/${odd}`, headers: { host: 'localhost' } });
      expect(got.body).toBe('<script>');
      expect(got.headers).toMatchObject({
        'content-length': '8',
        'content-disposition': "attachment; filename*=UTF-8''50%25%2B~.html",
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      });
      expect(await get(`${files}?path=0/${id}/artifacts`)).toEqual({
        status: 200,
        files: [
          { path: 'a b', is_dir: true },
          { path: 'x.json', is_dir: false, file_size: 10 },
        ],
      });
      expect(await get(`${files}?path=0/${id}/artifacts/a%20b`)).toEqual({
        status: 200,
        files: [{ path: '50%+~.html', is_dir: false, file_size: 8 }],
      });
      expect(await get(`${api}artifacts/list?run_id=${id}&path=a%20b`)).toEqual({
        status: 200,
        root_uri: `mlflow-artifacts:/0/${id}/artifacts`,
        files: [{ path: 'a b/50%+~.html', is_dir: false, file_size: 8 }],
      });
    });

    test('that are not there: an empty list, a 404 for the file and for a folder', async () => {
      const id = await newRun();
      await put(`0/${id}/artifacts/model/MLmodel`, 'x');
      for (const path of [
        `0/${'f'.repeat(32)}/artifacts`,
        `0/${id}/artifacts/none`,
        `0/${id}/artifacts/model/MLmodel`,
        '',
        '0',
      ])
        expect(await get(`${files}?path=${path}`)).toEqual({ status: 200 });
      for (const path of ['none', 'model'])
        expect(await get(`${files}/0/${id}/artifacts/${path}`)).toMatchObject({
          status: 404,
          error_code: 'RESOURCE_DOES_NOT_EXIST',
        });
      const deletion = {
        method: 'DELETE',
        url: `${files}/0/${id}/artifacts/model`,
        headers: { host: 'localhost' },
      } as const;
      expect((await http.inject(deletion)).json()).toEqual({});
      expect((await http.inject(deletion)).statusCode).toBe(404);
    });

    test.each([
      '..%2F..%2Fetc%2Fpasswd',
      '%2e%2e/%2e%2e/x',
      '%252E%252E%252Fetc',
      '%25252e%25252e/x',
      '..%5c..%5cetc',
      '%2Fetc%2Fpasswd',
      'C:/x',
      'file:%2F%2F%2Fetc',
      'a%23b',
      'a%00b',
    ])('the path %s is refused to everybody', async (path) => {
      const id = await newRun();
      const inRun = `0/${id}/artifacts/${path}`;
      for (const url of [path, inRun])
        for (const method of ['GET', 'PUT', 'DELETE'] as const) {
          const reply = await http.inject({ method, url: `${files}/${url}`, headers: { host: 'localhost' } });
          expect([400, 404]).toContain(reply.statusCode);
        }
      for (const url of [`${files}?path=${inRun}`, `${api}artifacts/list?run_id=${id}&path=${path}`])
        expect(await get(url)).toMatchObject({
          status: 400,
          message: expect.stringContaining('Invalid path'),
        });
      expect(await own.experiments.artifactFiles(id, '', 'default')).toEqual([]);
    });
  });

  test('every route asks for a permission', () => {
    expect(routes.length).toBeGreaterThan(60);
    for (const { url, permission } of routes) expect(permission, url).toMatch(/^(?:read|write)$/);
  });
});
