import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../base/logger.ts';
import { mlflowApi } from '../../http/mlflow/mlflow-api.ts';
import { createHttp } from '../../http/server.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../testing/experiments.ts';
import { experimentsMlflowOperations, mlflowArtifactRoutes } from './mlflow-routes.ts';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
type Reply = Record<string, unknown> & { status: number };
interface Model {
  readonly info: Record<string, unknown> & { model_id: string };
  readonly data: Record<string, unknown>;
}

const api = '/api/2.0/mlflow/';
const files = '/api/2.0/mlflow-artifacts/artifacts';
const unknown = `m-${'0'.repeat(32)}`;
const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;

describeEachDatabase("the MLflow door's logged models", (open) => {
  let own: TestExperiments;
  let http: Awaited<ReturnType<typeof createHttp>>;

  beforeAll(async () => {
    own = await createTestExperiments(await open());
    http = await createHttp({
      logger: createLogger('silent'),
      version: '0.0.0',
      allowedHosts: [],
      authenticate: async () => caller,
      assertReach: async () => {},
    });
    await http.register(mlflowApi(experimentsMlflowOperations(own.experiments)));
    await http.register(mlflowArtifactRoutes(own.experiments));
  });
  afterAll(async () => {
    await http.close();
    await own.close();
  });

  const ask = async (method: Method, path: string, body?: unknown) => {
    const reply = await http.inject({
      method,
      url: path.startsWith('/') ? path : api + path,
      headers: { host: 'localhost', ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
    return { status: reply.statusCode, ...(reply.json() as object) } as Reply;
  };
  const post = (path: string, body: unknown) => ask('POST', path, body);
  const newModel = async (fields: object = {}) => {
    const { model } = await post('logged-models', { experiment_id: '0', ...fields });
    return (model as Model).info.model_id;
  };
  const getModel = async (id: string) => (await ask('GET', `logged-models/${id}`)).model as Model;
  const newRun = async (experiment = '0') => {
    const { run } = await post('runs/create', { experiment_id: experiment });
    return (run as { info: { run_id: string } }).info.run_id;
  };
  const newExperiment = async (name: string) =>
    String((await post('experiments/create', { name })).experiment_id);
  const search = async (body: object) => {
    const { models = [], ...rest } = await post('logged-models/search', body);
    return { names: (models as Model[]).map(({ info }) => info.name), ...rest };
  };

  describe('life', () => {
    test('begun, made ready, hidden by deletion', async () => {
      const run = await newRun();
      const created = await post('logged-models', {
        experiment_id: '0',
        name: 'mein Modell ✓',
        model_type: 'Agent',
        source_run_id: run,
        params: [
          { key: 'depth', value: '3' },
          { key: 'empty', value: '' },
        ],
        tags: [{ key: 'team', value: 'blue' }],
        surprise: 1,
      });
      const { info, data } = created.model as Model;
      const id = info.model_id;
      expect(id).toMatch(/^m-[0-9a-f]{32}$/);
      expect(info).toEqual({
        model_id: id,
        experiment_id: '0',
        name: 'mein Modell ✓',
        creation_timestamp_ms: expect.any(Number),
        last_updated_timestamp_ms: info.creation_timestamp_ms,
        artifact_uri: `mlflow-artifacts:/0/models/${id}/artifacts`,
        status: 'LOGGED_MODEL_PENDING',
        model_type: 'Agent',
        source_run_id: run,
        tags: [{ key: 'team', value: 'blue' }],
      });
      expect(data).toEqual({
        params: [
          { key: 'depth', value: '3' },
          { key: 'empty', value: '' },
        ],
      });
      const ready = await ask('PATCH', `logged-models/${id}`, { model_id: id, status: 2 });
      expect(ready).toMatchObject({ status: 200, model: { info: { status: 'LOGGED_MODEL_READY' } } });
      expect(Number((ready.model as Model).info.last_updated_timestamp_ms)).toBeGreaterThan(
        Number(info.creation_timestamp_ms),
      );
      await ask('PATCH', `logged-models/${id}`, { status: 'LOGGED_MODEL_UPLOAD_FAILED' });
      expect((await getModel(id)).info.status).toBe('LOGGED_MODEL_UPLOAD_FAILED');

      for (const _twice of [1, 2])
        expect(await ask('DELETE', `logged-models/${id}`, { model_id: id })).toEqual({ status: 200 });
      expect(await ask('GET', `logged-models/${id}`)).toMatchObject({
        status: 404,
        error_code: 'RESOURCE_DOES_NOT_EXIST',
      });
      expect(await ask('GET', `logged-models/${id}?allow_deleted=true`)).toMatchObject({ status: 200 });
      // Training that goes on is not ended by it.
      expect(await ask('PATCH', `logged-models/${id}`, { status: 2 })).toMatchObject({ status: 200 });
    });

    test('a model without a name gets one', async () => {
      expect((await getModel(await newModel())).info.name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
    });

    test('is of its experiment: deleted and restored with it, not begun in a deleted one', async () => {
      const experiment = await newExperiment('short');
      const [kept, before] = [
        await newModel({ experiment_id: experiment }),
        await newModel({ experiment_id: experiment }),
      ];
      await ask('DELETE', `logged-models/${before}`, {});
      await post('experiments/delete', { experiment_id: experiment });
      expect(await ask('GET', `logged-models/${kept}`)).toMatchObject({ status: 404 });
      expect(await post('logged-models', { experiment_id: experiment })).toMatchObject({
        status: 400,
        error_code: 'INVALID_PARAMETER_VALUE',
      });
      await post('experiments/restore', { experiment_id: experiment });
      expect(await ask('GET', `logged-models/${kept}`)).toMatchObject({ status: 200 });
      expect(await ask('GET', `logged-models/${before}`)).toMatchObject({ status: 404 });
    });

    test('parameters are added and stay, tags come and go', async () => {
      const id = await newModel({ params: [{ key: 'a', value: '1' }] });
      const add = (value: string) =>
        post(`logged-models/${id}/params`, {
          params: [
            { key: 'a', value },
            { key: 'b', value: 'x'.repeat(20_000) },
          ],
        });
      expect(await add('2')).toMatchObject({
        status: 400,
        error_code: 'INVALID_PARAMETER_VALUE',
        message: expect.stringContaining('Changing param values is not allowed'),
      });
      expect((await getModel(id)).data).toEqual({ params: [{ key: 'a', value: '1' }] });
      for (const _twice of [1, 2]) expect(await add('1')).toEqual({ status: 200 });
      expect((await getModel(id)).data.params).toHaveLength(2);

      const tag = (key: string, value: string) =>
        ask('PATCH', `logged-models/${id}/tags`, { model_id: id, tags: [{ key, value }] });
      await tag('a b/c', '1');
      expect(await tag('a b/c', '2')).toMatchObject({
        model: { info: { tags: [{ key: 'a b/c', value: '2' }] } },
      });
      const remove = () => ask('DELETE', `logged-models/${id}/tags/a%20b/c`, {});
      expect(await remove()).toEqual({ status: 200 });
      expect(await remove()).toMatchObject({ status: 404, error_code: 'RESOURCE_DOES_NOT_EXIST' });
      expect((await getModel(id)).info.tags).toBeUndefined();
    });

    test.each([
      [{ name: 'a/b' }],
      [{ name: 'a:b' }],
      [{ name: 'a.b' }],
      [{ name: 'a%2Fb' }],
      [{ name: `a"b` }],
      [{ name: `a'b` }],
      [{ name: '  ' }],
      [{ name: 'x'.repeat(501) }],
      [{ name: 'nul\0' }],
      [{ name: { a: 1 } }],
      [{ source_run_id: '\0' }],
      [{ model_type: 'x'.repeat(501) }],
      [{ experiment_id: '' }],
      [{ experiment_id: 'one' }],
      [{ tags: [{ key: '', value: '1' }] }],
      [{ tags: [{ key: 'x'.repeat(256), value: '1' }] }],
      [{ params: [{ key: 'k', value: 'x'.repeat(70_000) }] }],
      [
        {
          params: [
            { key: 'k', value: '1' },
            { key: 'k', value: '2' },
          ],
        },
      ],
    ])('%j is refused and nothing is written', async (fields) => {
      const experiment = await newExperiment(`refusing ${crypto.randomUUID()}`);
      expect(await post('logged-models', { experiment_id: experiment, ...fields })).toMatchObject({
        status: 400,
        error_code: 'INVALID_PARAMETER_VALUE',
      });
      expect(await search({ experiment_ids: [experiment] })).toEqual({ status: 200, names: [] });
    });

    test.each([
      ['POST', 'logged-models', { experiment_id: '4711' }, 404],
      ['POST', 'logged-models', { experiment_id: '0', source_run_id: 'f'.repeat(32) }, 404],
      ['POST', 'logged-models/search', { experiment_ids: ['0'], datasets: [{ dataset_name: '\0' }] }, 400],
      ['POST', 'logged-models/search', { experiment_ids: ['0'], filter: "name = 'a\0'" }, 400],
      [
        'POST',
        'logged-models/search',
        { experiment_ids: ['0'], order_by: [{ field_name: 'metrics.a\0' }] },
        400,
      ],
      ['GET', `logged-models/${unknown}`, undefined, 404],
      ['GET', 'logged-models/..%2f..%2fetc', undefined, 404],
      ['PATCH', `logged-models/${unknown}`, { status: 2 }, 404],
      ['PATCH', `logged-models/${unknown}`, {}, 400],
      ['DELETE', `logged-models/${unknown}`, {}, 404],
      ['POST', `logged-models/${unknown}/params`, { params: [] }, 404],
      ['PATCH', `logged-models/${unknown}/tags`, { tags: [] }, 404],
      ['GET', `logged-models/${unknown}/artifacts/directories`, undefined, 404],
      [
        'GET',
        `/ajax-api/2.0/mlflow/logged-models/${unknown}/artifacts/files?artifact_file_path=x`,
        undefined,
        404,
      ],
    ] as const)('%s %s with %j: %i', async (method, path, body, status) => {
      expect(await ask(method, path, body)).toMatchObject({ status, message: expect.any(String) });
    });
  });

  test('more at once than a statement takes is refused, as a mistake', async () => {
    const [run, id] = [await newRun(), await newModel()];
    const many = Array.from({ length: 20_000 }, (_none, index) => String(index));
    const texts = many.map((key) => ({ key, value: '1' }));
    const models = many.map((step) => ({ model_id: id, step }));
    const datasets = many.map((name) => ({
      dataset: { name, digest: 'd', source_type: 'local', source: 'x' },
    }));
    for (const [method, path, body] of [
      ['POST', 'logged-models', { experiment_id: '0', params: texts }],
      ['POST', `logged-models/${id}/params`, { params: texts }],
      ['PATCH', `logged-models/${id}/tags`, { tags: texts }],
      ['POST', 'logged-models/search', { experiment_ids: many }],
      [
        'POST',
        'logged-models/search',
        { experiment_ids: ['0'], datasets: many.map((dataset_name) => ({ dataset_name })) },
      ],
      ['POST', 'runs/search', { experiment_ids: many }],
      ['POST', 'runs/outputs', { run_id: run, models }],
      ['POST', 'runs/log-inputs', { run_id: run, models }],
      ['POST', 'runs/log-inputs', { run_id: run, datasets }],
    ] as const)
      expect(await ask(method, path, body)).toMatchObject({
        status: 400,
        message: expect.stringContaining('a request has at most'),
      });
  });

  describe('files', () => {
    const put = (path: string, payload: string) =>
      http.inject({ method: 'PUT', url: `${files}/${path}`, headers: { host: 'localhost' }, payload });

    test('go in and out by the proxy, are listed, and leave as attachments', async () => {
      const id = await newModel();
      const root = `0/models/${id}/artifacts`;
      expect((await put(`${root}/MLmodel`, 'flavors: {}')).json()).toEqual({});
      await put(`${root}/code/page.html`, '<script>');
      expect(await ask('GET', `${files}?path=${root}`)).toEqual({
        status: 200,
        files: [
          { path: 'MLmodel', is_dir: false, file_size: 11 },
          { path: 'code', is_dir: true },
        ],
      });
      expect(
        await ask('GET', `logged-models/${id}/artifacts/directories?artifact_directory_path=code`),
      ).toEqual({
        status: 200,
        root_uri: `mlflow-artifacts:/${root}`,
        files: [{ path: 'code/page.html', is_dir: false, file_size: 8 }],
      });
      const viaProxy = await http.inject({ url: `${files}/${root}/MLmodel`, headers: { host: 'localhost' } });
      expect(viaProxy.body).toBe('flavors: {}');
      const shown = await http.inject({
        url: `/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files?artifact_file_path=code/page.html`,
        headers: { host: 'localhost' },
      });
      expect(shown.body).toBe('<script>');
      expect(shown.headers).toMatchObject({
        'content-disposition': "attachment; filename*=UTF-8''page.html",
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      });
      expect(await ask('DELETE', `${files}/${root}/code`)).toEqual({ status: 200 });
      expect(await own.experiments.artifactFiles(id, '', 'default')).toMatchObject([{ path: 'MLmodel' }]);
    });

    test('of what is not there: an empty list, 404 for a file', async () => {
      expect(await ask('GET', `${files}?path=0/models/${unknown}/artifacts`)).toEqual({ status: 200 });
      expect(await ask('GET', `${files}/0/models/${unknown}/artifacts/MLmodel`)).toMatchObject({
        status: 404,
        error_code: 'RESOURCE_DOES_NOT_EXIST',
      });
    });

    test.each(['../../etc/passwd', '%2e%2e/x', '/etc/passwd', 'file:///etc/passwd', 'a%23b', '..%5cx', ''])(
      'the path %s is refused',
      async (path) => {
        const id = await newModel();
        const asked = encodeURIComponent(path);
        const shown = `/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files?artifact_file_path=${asked}`;
        expect(await ask('GET', shown)).toMatchObject({ status: 400 });
        if (path === '') return;
        const listed = `logged-models/${id}/artifacts/directories?artifact_directory_path=${asked}`;
        expect(await ask('GET', listed)).toMatchObject({ status: 400 });
      },
    );
  });

  describe('and runs', () => {
    test('inputs and outputs are shown by get and by search', async () => {
      const experiment = await newExperiment('links');
      const [run, other] = [await newRun(experiment), await newRun(experiment)];
      const [read, made] = [await newModel({ name: 'read' }), await newModel({ name: 'made' })];
      for (const _twice of [1, 2]) {
        const inputs = { run_id: run, models: [{ model_id: read }] };
        expect(await post('runs/log-inputs', inputs)).toEqual({ status: 200 });
        const models = [
          { model_id: made, step: '7' },
          { model_id: made, step: 3 },
        ];
        expect(await post('runs/outputs', { run_id: run, models })).toEqual({ status: 200 });
      }
      const expected = {
        inputs: { model_inputs: [{ model_id: read }] },
        outputs: {
          model_outputs: [
            { model_id: made, step: 3 },
            { model_id: made, step: 7 },
          ],
        },
      };
      expect((await ask('GET', `runs/get?run_id=${run}`)).run).toMatchObject(expected);
      const { runs } = await post('runs/search', { experiment_ids: [experiment] });
      const found = runs as { info: { run_id: string } }[];
      expect(found.find(({ info }) => info.run_id === run)).toMatchObject(expected);
      expect(found.find(({ info }) => info.run_id === other)).not.toHaveProperty('outputs');

      expect(await own.experiments.getRun({ id: run }, caller)).toMatchObject({
        modelInputs: [{ modelId: read, name: 'read' }],
        modelOutputs: [
          { modelId: made, name: 'made', step: 3 },
          { modelId: made, name: 'made', step: 7 },
        ],
      });
      const lineage = await own.lineage.lineage({ uri: `run:${run}` }, caller);
      expect(lineage.upstream).toMatchObject([{ from: `logged-model:${read}`, relation: 'input' }]);
      expect(lineage.downstream).toMatchObject([{ to: `logged-model:${made}`, relation: 'output' }]);
    });

    test('what links to nothing is refused whole', async () => {
      const run = await newRun();
      const id = await newModel();
      for (const path of ['runs/outputs', 'runs/log-inputs'])
        expect(
          await post(path, { run_id: run, models: [{ model_id: id }, { model_id: unknown }] }),
        ).toMatchObject({ status: 404, error_code: 'RESOURCE_DOES_NOT_EXIST' });
      expect(await post('runs/outputs', { run_id: run, models: [{ model_id: '\0' }] })).toMatchObject({
        status: 404,
      });
      expect(await post('runs/outputs', { run_id: run })).toMatchObject({ status: 400 });
      expect(await own.experiments.getRun({ id: run }, caller)).toMatchObject({
        modelInputs: [],
        modelOutputs: [],
      });
    });

    test('clients before MLflow 3 keep a list in a tag', async () => {
      const run = await newRun();
      const logModel = (model: unknown) =>
        post('runs/log-model', {
          run_id: run,
          model_json: typeof model === 'string' ? model : JSON.stringify(model),
        });
      const model = (path: string) => ({
        ...{ run_id: run, artifact_path: path, utc_time_created: '2026-01-01 00:00:00' },
        ...{ model_uuid: 'u', signature: { inputs: '[]' } },
        flavors: { sklearn: { pickled_model: 'model.pkl', config: { secret: 1 } } },
      });
      for (const path of ['a', 'b']) expect(await logModel(model(path))).toEqual({ status: 200 });
      const { tags } = await own.experiments.getRun({ id: run }, caller);
      expect(JSON.parse(tags['mlflow.log-model.history'] ?? '')).toEqual(
        ['a', 'b'].map((path) => ({
          ...{ run_id: run, artifact_path: path, utc_time_created: '2026-01-01 00:00:00', model_uuid: 'u' },
          flavors: { sklearn: { pickled_model: 'model.pkl' } },
        })),
      );
      for (const bad of ['', '{broken', '[1]', { run_id: run }])
        expect(await logModel(bad)).toMatchObject({ status: 400, error_code: 'INVALID_PARAMETER_VALUE' });
    });

    test('metrics that name a model are the run’s and the model’s', async () => {
      const [run, other] = [await newRun(), await newRun()];
      const id = await newModel();
      const metric = { key: 'acc', value: 0.5, timestamp: 1, step: 1, model_id: id };
      await post('runs/log-metric', { run_id: run, ...metric });
      await post('runs/log-batch', {
        run_id: run,
        metrics: [
          metric,
          { ...metric, value: 0.7, timestamp: 3, step: 3 },
          { ...metric, value: 0.6, timestamp: 2, step: 2 },
          { ...metric, value: 0.9, dataset_name: 'prices', dataset_digest: 'd1' },
          { ...metric, key: 'loss', value: 'NaN' },
          { key: 'plain', value: 1, timestamp: 1 },
        ],
      });
      await post('runs/log-batch', { run_id: other, metrics: [{ ...metric, value: 0.1 }] });
      const found = (await getModel(id)).data.metrics as object[];
      const at = { key: 'acc', model_id: id, timestamp: 1, step: 1 };
      expect(found).toHaveLength(4);
      expect(found).toEqual(
        expect.arrayContaining([
          { ...at, value: 0.9, dataset_name: 'prices', dataset_digest: 'd1', run_id: run },
          { ...at, value: 0.1, run_id: other },
          { ...at, value: 0.7, timestamp: 3, step: 3, run_id: run },
          { ...at, key: 'loss', value: 'NaN', run_id: run },
        ]),
      );
      expect(await own.experiments.getRun({ id: run }, caller)).toMatchObject({
        metrics: { acc: 0.7, loss: null, plain: 1 },
      });
    });

    test('a metric of a model that is not there, or not well named, is not written at all', async () => {
      const run = await newRun();
      const id = await newModel();
      const metric = { key: 'acc', value: 0.5, timestamp: 1 };
      for (const [wrong, status] of [
        [{ model_id: unknown }, 404],
        [{ model_id: '../x' }, 400],
        [{ model_id: id, dataset_name: 'x'.repeat(501) }, 400],
        [{ model_id: id, dataset_digest: 'x'.repeat(37) }, 400],
      ] as const) {
        expect(await post('runs/log-metric', { run_id: run, ...metric, ...wrong })).toMatchObject({ status });
        expect(
          await post('runs/log-batch', { run_id: run, metrics: [{ ...metric, ...wrong }, metric] }),
        ).toMatchObject({ status });
      }
      expect(await own.experiments.getRun({ id: run }, caller)).toMatchObject({ metrics: {} });
    });
  });
});
