import { afterAll, beforeAll, expect, test } from 'vitest';
import { transact } from '../../adapters/db/db.ts';
import { createLogger } from '../../base/logger.ts';
import { mlflowApi } from '../../http/mlflow/mlflow-api.ts';
import { createHttp } from '../../http/server.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestRegistry, type TestRegistry } from '../../testing/registry.ts';
import { mlflowArtifactRoutes } from '../../training/experiments/mlflow-routes.ts';
import { governanceMlflowOperations } from '../governance/mlflow-routes.ts';
import type { Governance } from '../governance/service.ts';
import { registryMlflowOperations } from './mlflow-routes.ts';

// biome-ignore lint/suspicious/noExplicitAny: replies are read as the client reads them
type Reply = Record<string, any> & { status: number };
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;
const mlmodel = 'flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n';

describeEachDatabase("the registry by MLflow's door", (open) => {
  let own: TestRegistry;
  let http: Awaited<ReturnType<typeof createHttp>>;
  let last = 0;

  beforeAll(async () => {
    own = await createTestRegistry(await open());
    http = await createHttp({
      logger: createLogger('silent'),
      version: '0.0.0',
      allowedHosts: [],
      authenticate: async () => caller,
      assertReach: async () => {},
    });
    const guard = { setAlias: own.registry.setAlias } as unknown as Governance;
    await http.register(
      mlflowApi([
        ...registryMlflowOperations(own.registry),
        ...governanceMlflowOperations(guard, own.registry),
      ]),
    );
    await http.register(mlflowArtifactRoutes(own.experiments));
  });
  afterAll(async () => {
    await http.close();
    await own.close();
  });

  async function call(method: Method, path: string, fields: Record<string, unknown> = {}): Promise<Reply> {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(fields))
      for (const each of [value].flat()) query.append(key, String(each));
    const url = `/api/2.0/mlflow/${path}`;
    const reply = await http.inject({
      method,
      url: method === 'GET' ? `${url}?${query}` : url,
      headers: { host: 'localhost', ...(method !== 'GET' && { 'content-type': 'application/json' }) },
      ...(method !== 'GET' && { payload: JSON.stringify(fields) }),
    });
    return { status: reply.statusCode, ...(reply.json() as object) };
  }
  const post = (path: string, fields: Record<string, unknown>) => call('POST', path, fields);
  const get = (path: string, fields: Record<string, unknown>) => call('GET', path, fields);
  const refused = (code: string, status: number) => ({ status, error_code: code });
  const newName = () => `model ${++last} @é`;

  async function newModel(): Promise<string> {
    const name = newName();
    expect(await post('registered-models/create', { name })).toMatchObject({ status: 200 });
    return name;
  }
  async function addVersion(name: string, fields: Record<string, unknown> = {}): Promise<string> {
    const reply = await post('model-versions/create', { name, source: 's3://bucket/x', ...fields });
    expect(reply).toMatchObject({ status: 200, model_version: { name, status: 'READY' } });
    return reply.model_version.version;
  }
  async function newRun(files: Record<string, string>): Promise<{ id: string; uri: string }> {
    const { id } = await own.experiments.startRun({ experimentId: '0' }, caller);
    for (const [path, text] of Object.entries(files))
      await own.experiments.putArtifact({ id, path, content: Buffer.from(text) }, caller);
    return { id, uri: `mlflow-artifacts:/0/${id}/artifacts` };
  }

  test('a model is made, read, described, tagged, renamed and deleted', async () => {
    const name = newName();
    const tags = [
      { key: 'a', value: '0' },
      { key: 'a', value: '1' },
    ];
    const made = await post('registered-models/create', { name, tags, description: 'what it is' });
    expect(made.registered_model).toMatchObject({
      name,
      description: 'what it is',
      tags: [{ key: 'a', value: '1' }],
      creation_timestamp: expect.any(Number),
    });
    expect(made.registered_model).not.toHaveProperty('latest_versions');
    expect(await post('registered-models/create', { name })).toMatchObject({
      ...refused('RESOURCE_ALREADY_EXISTS', 400),
      message: expect.stringContaining(`Registered Model (name=${name}) already exists.`),
    });
    await post('registered-models/set-tag', { name, key: 'b', value: '2' });
    await call('DELETE', 'registered-models/delete-tag', { name, key: 'a' });
    expect(await call('DELETE', 'registered-models/delete-tag', { name, key: 'a' })).toEqual({ status: 200 });
    await call('PATCH', 'registered-models/update', { name, description: 'better' });
    const found = await get('registered-models/get', { name });
    expect(found.registered_model).toMatchObject({ description: 'better', tags: [{ key: 'b', value: '2' }] });

    const taken = await newModel();
    expect(await post('registered-models/rename', { name, new_name: taken })).toMatchObject(
      refused('RESOURCE_ALREADY_EXISTS', 400),
    );
    const version = await addVersion(name, { tags: [{ key: 'k', value: 'v' }] });
    await post('registered-models/alias', { name, alias: 'champion', version });
    const to = newName();
    const renamed = await post('registered-models/rename', { name, new_name: to });
    expect(renamed.registered_model).toMatchObject({
      name: to,
      tags: [{ key: 'b', value: '2' }],
      aliases: [{ alias: 'champion', version }],
      latest_versions: [{ name: to, version, tags: [{ key: 'k', value: 'v' }] }],
    });
    expect(await get('registered-models/get', { name })).toMatchObject({
      ...refused('RESOURCE_DOES_NOT_EXIST', 404),
      message: expect.stringContaining(`Registered Model with name=${name} not found`),
    });
    expect(await call('DELETE', 'registered-models/delete', { name: to })).toEqual({ status: 200 });
    expect(await get('model-versions/get', { name: to, version })).toMatchObject({ status: 404 });
    expect(await call('DELETE', 'registered-models/delete', { name: to })).toMatchObject({ status: 404 });
  });

  test('numbers are never given again: not after a deletion, not to another model of the name', async () => {
    const name = await newModel();
    await addVersion(name);
    const second = await addVersion(name);
    await call('DELETE', 'model-versions/delete', { name, version: second });
    expect(await addVersion(name)).toBe('3');
    await call('DELETE', 'registered-models/delete', { name });
    await post('registered-models/create', { name });
    expect(await addVersion(name)).toBe('4');
    const other = await newModel();
    await addVersion(other);
    await call('DELETE', 'registered-models/delete', { name });
    expect(await post('registered-models/rename', { name: other, new_name: name })).toMatchObject(
      refused('RESOURCE_CONFLICT', 409),
    );
    const away = newName();
    await post('registered-models/rename', { name: other, new_name: away });
    expect(await post('registered-models/rename', { name: away, new_name: other })).toMatchObject({
      status: 200,
    });
  });

  test.each(['', '   ', 'a/b', '../../x', 'a:b', '.', '..', 'a\u0000b', 'a\nb', 'x'.repeat(257)])(
    'the name %j is refused',
    async (name) => {
      expect(await post('registered-models/create', { name })).toMatchObject(
        refused('INVALID_PARAMETER_VALUE', 400),
      );
    },
  );

  test("a run's folder becomes a version with files, twice when it is registered twice", async () => {
    const run = await newRun({ 'model/MLmodel': mlmodel, 'model/model.pkl': 'bytes' });
    const name = await newModel();
    const source = `${run.uri}/model`;
    const first = await post('model-versions/create', {
      name,
      source,
      run_id: run.id,
      run_link: 'http://x/r',
    });
    expect(first.model_version).toMatchObject({
      ...{ version: '1', source, run_id: run.id, run_link: 'http://x/r', current_stage: 'None' },
      creation_timestamp: expect.any(Number),
    });
    expect(await addVersion(name, { source: `runs:/${run.id}/model` })).toBe('2');
    for (const version of ['1', '2']) {
      expect(await get('model-versions/get-download-uri', { name, version })).toMatchObject({
        artifact_uri: source,
      });
      const stored = await own.registry.getVersion({ name, version }, caller);
      expect(stored).toMatchObject({
        flavors: ['python_function'],
        runId: run.id,
        digest: expect.any(String),
      });
      expect(stored.files.map((file) => file.path)).toEqual(['MLmodel', 'model.pkl']);
    }
    const path = source.replace('mlflow-artifacts:/', '/api/2.0/mlflow-artifacts/artifacts/');
    const file = await http.inject({ url: `${path}/model.pkl`, headers: { host: 'localhost' } });
    expect(file.body).toBe('bytes');

    const copy = await newModel();
    await addVersion(copy, { source: `models:/${name}/1` });
    expect(await get('model-versions/get', { name: copy, version: '1' })).toMatchObject({
      model_version: { source: `models:/${name}/1`, run_id: run.id },
    });
    expect((await own.registry.getVersion({ name: copy, version: '1' }, caller)).files).toHaveLength(2);
    await post('registered-models/alias', { name, alias: 'gold', version: '2' });
    await post('model-versions/transition-stage', { name, version: '1', stage: 'Staging' });
    for (const from of [`models:/${name}@gold`, `models:/${name}/staging`, `models:/${name}/latest`])
      await addVersion(copy, { source: from });
  });

  test('what is no model folder of ours is written down without files', async () => {
    const run = await newRun({ 'notes.txt': 'x', 'broken/MLmodel': '!!python/object:os.system {}' });
    const name = await newModel();
    const sources = [
      's3://bucket/a',
      'http://169.254.169.254/latest',
      `${run.uri}/none`,
      `${run.uri}/broken`,
      `mlflow-artifacts:/0/${'f'.repeat(32)}/artifacts/model`,
    ];
    for (const source of sources) {
      const version = await addVersion(name, { source });
      const stored = await own.registry.getVersion({ name, version }, caller);
      expect(stored).toMatchObject({ source, digest: null, files: [], flavors: [] });
      await expect(own.registry.onnxFile(stored)).rejects.toMatchObject({
        code: 'modelUnreadable',
        message: expect.stringContaining('no model folder of this server'),
      });
    }
    expect(await get('model-versions/get-download-uri', { name, version: '1' })).toMatchObject({
      artifact_uri: 's3://bucket/a',
    });
  });

  test('a logged model becomes a version with its files, and is told so', async () => {
    const run = await newRun({});
    const { experiments } = own;
    const start = { experimentId: '0', name: 'ridge', sourceRunId: run.id };
    const { id } = await experiments.startLoggedModel(start, caller);
    for (const [path, text] of Object.entries({ MLmodel: mlmodel, 'model.pkl': 'bytes' }))
      await experiments.putArtifact({ id, path, content: Buffer.from(text) }, caller);
    const name = await newModel();
    const location = `mlflow-artifacts:/0/models/${id}/artifacts`;
    for (const source of [`models:/${id}`, location]) {
      const made = await post('model-versions/create', { name, source, model_id: id });
      expect(made.model_version).toMatchObject({ source, model_id: id, run_id: run.id });
      const { version } = made.model_version;
      expect(await get('model-versions/get-download-uri', { name, version })).toMatchObject({
        artifact_uri: location,
      });
      const stored = await own.registry.getVersion({ name, version }, caller);
      expect(stored).toMatchObject({ loggedModel: id, flavors: ['python_function'], runId: run.id });
      expect(stored.files.map((file) => file.path)).toEqual(['MLmodel', 'model.pkl']);
    }
    await addVersion(name, { source: `models:/${name}/1` });
    await addVersion(name, { source: 's3://elsewhere/x', model_id: id });
    expect((await experiments.getLoggedModel({ id }, caller)).registrations).toEqual(
      ['1', '2', '3', '4'].map((version) => ({ name, version })),
    );
    const { upstream } = await own.lineage.lineage({ uri: `model:"${name}"@1` }, caller);
    expect(upstream.map((edge) => edge.from)).toContain(`logged-model:${id}`);

    const other = `m-${'b'.repeat(32)}`;
    const create = (fields: Record<string, unknown>) => post('model-versions/create', { name, ...fields });
    expect(await create({ source: `models:/${id}`, model_id: other })).toMatchObject({ status: 400 });
    expect(await create({ source: `models:/${other}` })).toMatchObject({ status: 404 });
    expect(await create({ source: 's3://b/x', model_id: other })).toMatchObject({ status: 404 });
    expect(await create({ source: `models:/${name}/1`, model_id: other })).toMatchObject({ status: 400 });
    const found = await get('model-versions/search', { filter: `name = '${name}'` });
    expect(found.model_versions).toHaveLength(4);
  });

  test('a source that contradicts itself or is not there is refused, and nothing is written', async () => {
    const run = await newRun({ 'model/MLmodel': mlmodel });
    const name = await newModel();
    const create = (fields: Record<string, unknown>) => post('model-versions/create', { name, ...fields });
    const unknown = 'e'.repeat(32);
    expect(await create({ source: `${run.uri}/model`, run_id: unknown })).toMatchObject(
      refused('INVALID_PARAMETER_VALUE', 400),
    );
    expect(await create({ source: `runs:/${unknown}/model` })).toMatchObject({ status: 404 });
    expect(await create({ source: 'models:/nobody/1' })).toMatchObject({ status: 404 });
    expect(await create({ source: `models:/${name}/1` })).toMatchObject({ status: 404 });
    expect(await create({ source: `models:/${name}/nostage` })).toMatchObject({ status: 400 });
    expect(await create({ source: '/etc' })).toMatchObject(refused('INVALID_PARAMETER_VALUE', 400));
    const isPrompt = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];
    expect(await create({ source: '/etc/passwd', tags: isPrompt })).toMatchObject({ status: 400 });
    expect(await create({ source: 's3://b/x', tags: isPrompt })).toMatchObject({ status: 400 });
    expect(await create({})).toMatchObject({ status: 400, message: expect.stringContaining("'source'") });
    expect(await post('model-versions/create', { name: 'nobody', source: 's3://b/x' })).toMatchObject({
      status: 404,
    });
    expect(await get('model-versions/search', { filter: `name = '${name}'` })).toEqual({ status: 200 });
  });

  test('versions are described, tagged and found by number only', async () => {
    const name = await newModel();
    const version = await addVersion(name, { description: 'first', tags: [{ key: 'a', value: '1' }] });
    const key = { name, version };
    expect((await get('model-versions/get', key)).model_version).toMatchObject({ description: 'first' });
    await call('PATCH', 'model-versions/update', { ...key, description: 'second' });
    await post('model-versions/set-tag', { ...key, key: 'b', value: 'x'.repeat(100_000) });
    await call('DELETE', 'model-versions/delete-tag', { ...key, key: 'a' });
    expect(await call('DELETE', 'model-versions/delete-tag', { ...key, key: 'a' })).toEqual({ status: 200 });
    const { model_version } = await get('model-versions/get', key);
    expect(model_version).toMatchObject({ description: 'second', tags: [{ key: 'b' }] });
    const tooLong = { ...key, key: 'c', value: 'x'.repeat(100_001) };
    expect(await post('model-versions/set-tag', tooLong)).toMatchObject(
      refused('INVALID_PARAMETER_VALUE', 400),
    );
    for (const bad of ['../x', 'a//b', 'k'.repeat(251), 'a\u0000'])
      expect(await post('model-versions/set-tag', { ...key, key: bad, value: '' })).toMatchObject({
        status: 400,
      });
    expect(await get('model-versions/get', { name, version: 'champion' })).toMatchObject(
      refused('INVALID_PARAMETER_VALUE', 400),
    );
    for (const none of ['0', '-1', '2', '9999999999'])
      expect(await get('model-versions/get', { name, version: none })).toMatchObject({
        ...refused('RESOURCE_DOES_NOT_EXIST', 404),
        message: expect.stringContaining('Model Version (name='),
      });
  });

  test('stages in any case, others archived on demand, the latest of each', async () => {
    const name = await newModel();
    for (let n = 0; n < 4; n++) await addVersion(name);
    const move = (version: string, stage: string, archive?: boolean) =>
      post('model-versions/transition-stage', {
        ...{ name, version, stage },
        ...(archive !== undefined && { archive_existing_versions: archive }),
      });
    expect((await move('1', 'PRODUCTION')).model_version.current_stage).toBe('Production');
    await move('2', 'production', false);
    await move('3', 'Staging', true);
    const latest = async (stages?: string[]) => {
      const found = await post('registered-models/get-latest-versions', { name, ...(stages && { stages }) });
      return (found.model_versions ?? []).map((each: Reply) => `${each.current_stage} ${each.version}`);
    };
    expect((await latest()).sort()).toEqual(['None 4', 'Production 2', 'Staging 3']);
    expect(await latest(['production'])).toEqual(['Production 2']);
    expect(await latest(['Archived'])).toEqual([]);
    const byGet = await get('registered-models/get-latest-versions', { name, stages: ['Staging', 'None'] });
    expect(byGet.model_versions).toHaveLength(2);
    await move('3', 'Production', true);
    expect((await latest()).sort()).toEqual(['Archived 2', 'None 4', 'Production 3']);
    expect(await move('3', 'Live')).toMatchObject({
      ...refused('INVALID_PARAMETER_VALUE', 400),
      message: expect.stringContaining('None, Staging, Production, Archived'),
    });
    for (const stage of ['None', 'archived'])
      expect(await move('1', stage, true)).toMatchObject(refused('INVALID_PARAMETER_VALUE', 400));
    expect(await post('registered-models/get-latest-versions', { name, stages: ['x'] })).toMatchObject({
      status: 400,
    });
  });

  test('aliases move, go with their version, and are refused when they could be taken for a number', async () => {
    const name = await newModel();
    await addVersion(name);
    await addVersion(name);
    const set = (alias: string, version: string) => post('registered-models/alias', { name, alias, version });
    await set('Champion_1', '1');
    await set('Champion_1', '2');
    const found = await get('registered-models/alias', { name, alias: 'Champion_1' });
    expect(found.model_version).toMatchObject({ version: '2', aliases: ['Champion_1'] });
    const latest = await get('registered-models/alias', { name, alias: 'LATEST' });
    expect(latest.model_version.version).toBe('2');
    expect(await get('registered-models/alias', { name, alias: 'nobody' })).toMatchObject({
      ...refused('INVALID_PARAMETER_VALUE', 400),
      message: expect.stringContaining('Registered model alias nobody not found'),
    });
    for (const alias of ['latest', 'Latest', 'v3', 'V12', '7', 'a b', 'a/b', '', 'x'.repeat(256)])
      expect(await set(alias, '1')).toMatchObject(refused('INVALID_PARAMETER_VALUE', 400));
    expect(await set('other', '9')).toMatchObject({ status: 404 });
    await call('DELETE', 'model-versions/delete', { name, version: '2' });
    expect(await get('registered-models/alias', { name, alias: 'Champion_1' })).toMatchObject({
      status: 400,
    });
    const remove = () => call('DELETE', 'registered-models/alias', { name, alias: 'Champion_1' });
    expect([await remove(), await remove()]).toEqual([{ status: 200 }, { status: 200 }]);
  });

  test("searches in MLflow's grammar, by pages, without prompts unless asked", async () => {
    const mark = `mark${++last}`;
    const names = ['b', 'a', 'c', 'Ab'].map((each) => `${mark} ${each}`);
    for (const name of names)
      await post('registered-models/create', { name, tags: [{ key: 'team', value: name.slice(-1) }] });
    const isPrompt = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];
    await post('registered-models/create', { name: `${mark} prompt`, tags: isPrompt });
    await addVersion(`${mark} prompt`, { source: 'dummy-source', tags: isPrompt });
    const find = async (filter: string, more: Record<string, unknown> = {}) => {
      const found = await get('registered-models/search', { filter, ...more });
      return (found.registered_models ?? []).map((each: Reply) => each.name.slice(mark.length + 1));
    };
    const own = `name LIKE '${mark}%'`;
    expect(await find(own)).toEqual(['Ab', 'a', 'b', 'c'].sort());
    expect(await find(`${own} and tag.\`mlflow.prompt.is_prompt\` != 'true'`)).toHaveLength(4);
    expect(await find(`${own} and tags.\`mlflow.prompt.is_prompt\` = 'true'`)).toEqual(['prompt']);
    expect(await find(`${own} and tags.team = 'c'`)).toEqual(['c']);
    expect(await find(`${own} and tags.team != 'c'`)).toHaveLength(3);
    expect(await find(`name ILIKE '${mark.toUpperCase()}%' and name LIKE '%b'`)).toEqual(['Ab', 'b']);
    expect(await find(`name IN ('${mark} a', '${mark} c') OR name = '${mark} b'`)).toEqual(['a', 'b', 'c']);
    expect(await find(own, { order_by: ['timestamp DESC'] })).toEqual(['Ab', 'c', 'a', 'b']);
    expect(await find(own, { order_by: ['name DESC'] })).toEqual(['Ab', 'a', 'b', 'c'].sort().reverse());
    expect(await get('registered-models/search', { filter: 'size = 3' })).toMatchObject({ status: 400 });
    expect(await get('registered-models/search', { max_results: 1001 })).toMatchObject({ status: 400 });
    expect(await get('registered-models/search', { max_results: 0 })).toMatchObject({ status: 400 });
    expect(await get('registered-models/search', { page_token: 'nonsense' })).toMatchObject({ status: 400 });
    const pages: string[] = [];
    for (let token = ''; ; ) {
      const page = await get('registered-models/search', { filter: own, max_results: 3, page_token: token });
      pages.push(...page.registered_models.map((each: Reply) => each.name));
      token = page.next_page_token;
      if (!token) break;
    }
    expect(pages).toHaveLength(4);
  });

  test('versions are searched newest change first', async () => {
    const run = await newRun({});
    const name = await newModel();
    await addVersion(name, { run_id: run.id });
    await addVersion(name, { tags: [{ key: 'a', value: '1' }], source: 's3://other/y' });
    await addVersion(name);
    await post('registered-models/alias', { name, alias: 'one', version: '1' });
    await call('PATCH', 'model-versions/update', { name, version: '1', description: 'changed' });
    const find = async (filter: string, more: Record<string, unknown> = {}) => {
      const found = await get('model-versions/search', { filter: `name = '${name}' ${filter}`, ...more });
      return (found.model_versions ?? []).map((each: Reply) => each.version);
    };
    expect(await find('')).toEqual(['1', '3', '2']);
    expect(await find(`and run_id = '${run.id}'`)).toEqual(['1']);
    expect(await find(`and run_id IN ('${run.id}', 'x')`)).toEqual(['1']);
    expect(await find("and source_path LIKE '%/y'")).toEqual(['2']);
    expect(await find('and version_number >= 2')).toEqual(['3', '2']);
    expect(await find("and tags.a = '1'")).toEqual(['2']);
    expect(await find('', { order_by: ['version_number ASC'] })).toEqual(['1', '2', '3']);
    expect(await find('', { order_by: ['creation_timestamp DESC'], max_results: 2 })).toEqual(['3', '2']);
    expect(await get('model-versions/search', { filter: "version_number = 'x'" })).toMatchObject({
      status: 400,
    });
    expect(await get('model-versions/search', { max_results: 200_001 })).toMatchObject({ status: 400 });
  });

  test('what an endpoint uses is neither deleted nor renamed', async () => {
    const name = await newModel();
    await addVersion(name);
    await addVersion(name);
    const hold = { userUri: 'endpoint:forecast', usedUri: `model:"${name}"@1`, reason: 'serves it' };
    await transact(own.db, (tx) => own.lineage.hold(tx, { workspace: 'default', ...hold }));
    const inUse = {
      ...refused('RESOURCE_CONFLICT', 409),
      message: expect.stringContaining('endpoint:forecast'),
    };
    expect(await call('DELETE', 'model-versions/delete', { name, version: '1' })).toMatchObject(inUse);
    expect(await call('DELETE', 'registered-models/delete', { name })).toMatchObject(inUse);
    expect(await post('registered-models/rename', { name, new_name: newName() })).toMatchObject(inUse);
    expect(await call('DELETE', 'model-versions/delete', { name, version: '2' })).toMatchObject({
      status: 200,
    });
  });

  test('many at once: each version has its own number', async () => {
    const name = await newModel();
    const made = await Promise.all(Array.from({ length: 10 }, () => addVersion(name)));
    expect(made.map(Number).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const names = await Promise.all(
      Array.from({ length: 5 }, () => post('registered-models/create', { name: `${name} same` })),
    );
    expect(names.map((reply) => reply.status).sort()).toEqual([200, 400, 400, 400, 400]);
  });
});
