// What the script of a job may do with the token that it finds in its environment: each route there is, asked by a real job's.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Route } from '../../http/server.ts';
import { textOf } from '../../testing/data-wing.ts';
import { startKillableServer } from '../../testing/killable-server.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { isEnded, until } from '../../testing/training-wing.ts';

/** Each attempt leaves its token and waits until it is told how to end. */
const script = `n=1; while [ -e "$0/token$n" ]; do n=$((n+1)); done
  printf %s "$TIDEMILL_TOKEN" > "$0/new$n"; [ "$TIDEMILL_TOKEN" = "$MLFLOW_TRACKING_TOKEN" ] && mv "$0/new$n" "$0/token$n"
  while [ ! -s "$0/end$n" ]; do sleep 0.02; done; exit "$(cat "$0/end$n")"`;

/** All that writes and may be reached: logging into the run, and what was logged. */
const allowed = [
  'DELETE /api/2.0/mlflow-artifacts/artifacts/*',
  'DELETE /api/2.0/mlflow/logged-models/:model_id',
  'DELETE /api/2.0/mlflow/logged-models/:model_id/tags/*',
  'DELETE /api/v1/logged-models/:id',
  'DELETE /api/v1/runs/:id',
  'PATCH /api/2.0/mlflow/logged-models/:model_id',
  'PATCH /api/2.0/mlflow/logged-models/:model_id/tags',
  'PATCH /api/v1/runs/:id',
  'POST /api/2.0/mlflow-artifacts/mpu/abort/*',
  'POST /api/2.0/mlflow-artifacts/mpu/complete/*',
  'POST /api/2.0/mlflow-artifacts/mpu/create/*',
  'POST /api/2.0/mlflow/logged-models',
  'POST /api/2.0/mlflow/logged-models/:model_id/params',
  'POST /api/2.0/mlflow/model-versions/create',
  'POST /api/2.0/mlflow/registered-models/create',
  'POST /api/2.0/mlflow/runs/create',
  'POST /api/2.0/mlflow/runs/delete',
  'POST /api/2.0/mlflow/runs/delete-tag',
  'POST /api/2.0/mlflow/runs/log-batch',
  'POST /api/2.0/mlflow/runs/log-inputs',
  'POST /api/2.0/mlflow/runs/log-metric',
  'POST /api/2.0/mlflow/runs/log-model',
  'POST /api/2.0/mlflow/runs/log-parameter',
  'POST /api/2.0/mlflow/runs/outputs',
  'POST /api/2.0/mlflow/runs/restore',
  'POST /api/2.0/mlflow/runs/set-tag',
  'POST /api/2.0/mlflow/runs/update',
  'POST /api/2.0/mlflow/upload-artifact',
  'POST /api/v1/logged-models/:id/restore',
  'POST /api/v1/runs',
  'POST /api/v1/runs/:id/batch',
  'POST /api/v1/runs/:id/restore',
  'PUT /api/2.0/mlflow-artifacts/artifacts/*',
  'PUT /api/2.0/mlflow-artifacts/mpu/parts/:upload/:number',
  'PUT /api/v1/runs/:id/artifact',
];

const readNote = (folder: string, name: string): Promise<string> =>
  vi.waitUntil(() => readFile(join(folder, name), 'utf8').catch(() => ''), {
    timeout: 20_000,
    interval: 10,
  });

interface Things {
  readonly run: string;
  readonly model: string;
  readonly experiment: string;
  readonly upload: string;
  readonly registered: string;
}

describe('the token of a job', () => {
  let platform: TestPlatform;
  let notes: string;
  let admin: string;
  let job: { id: string; runId: string };
  let token: string;
  let own: Things;
  let foreign: Things;

  const readToken = (number: number) => readNote(notes, `token${number}`);
  const end = (number: number, code: number) => writeFile(join(notes, `end${number}`), String(code));

  const send = (secret: string, method: string, url: string, payload?: object) =>
    platform.http.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url,
      headers: { host: 'localhost', authorization: `Bearer ${secret}` },
      ...(payload && { payload }),
    });
  const mlflow = async (secret: string, path: string, payload: object) => {
    const reply = await send(secret, 'POST', `/api/2.0/mlflow/${path}`, payload);
    expect([path, reply.statusCode, reply.body]).toEqual([path, 200, expect.anything()]);
    return reply.json();
  };

  /** A run with what can hang on it, made by whoever may. */
  async function prepareThings(
    secret: string,
    run: string,
    experiment: string,
    registered: string,
  ): Promise<Things> {
    const { model } = await mlflow(secret, 'logged-models', {
      experiment_id: experiment,
      source_run_id: run,
    });
    const address = `/api/2.0/mlflow-artifacts/mpu/create/${experiment}/${run}/artifacts`;
    const upload = await send(secret, 'POST', address, { path: 'large.bin', num_parts: 1 });
    return { run, model: model.info.model_id, experiment, upload: upload.json().upload_id, registered };
  }

  beforeAll(async () => {
    platform = await createTestPlatform({ host: '0.0.0.0' });
    const { auth, jobs, experiments } = platform.services;
    admin = (await auth.createToken({ name: 'admin', role: 'admin' }, platform.caller)).secret;
    notes = join(platform.folder, 'notes');
    await mkdir(notes);
    const { id, runId } = await jobs.submitCommand(
      {
        experiment: 'tokens',
        command: ['sh', '-c', script, notes],
        maximumAttempts: 2,
        mayRegister: 'own model',
        timeoutSeconds: 100,
      },
      platform.caller,
    );
    job = { id, runId: runId ?? '' };
    token = await readToken(1);
    const { experimentId } = await experiments.getRun({ id: job.runId }, platform.caller);
    own = await prepareThings(token, job.runId, experimentId, 'own model');
    const other = await experiments.createExperiment({ name: 'others' }, platform.caller);
    const { run } = await mlflow(admin, 'runs/create', { experiment_id: other.id });
    foreign = await prepareThings(admin, run.info.run_id, other.id, 'another');
  });
  afterAll(async () => {
    for (const number of [1, 2]) await end(number, 0);
    await platform.close();
  });

  const addressOf = (path: string, { run, model, experiment, upload }: Things): string =>
    path
      .replaceAll(/:\w+\((\w+)[^)]*\)/g, '$1')
      .replace(/logged-models\/:\w+/, `logged-models/${model}`)
      .replace(/(mlflow-artifacts\/(?:artifacts|mpu\/\w+))\/\*/, `$1/${experiment}/${run}/artifacts/x`)
      .replace('/mpu/parts/:upload/:number', `/mpu/parts/${upload}/1`)
      .replace(/upload-artifact$/, `upload-artifact?run_id=${run}&path=x`)
      .replaceAll(/:\w+/g, run)
      .replace('*', 'no/such');

  /** It names what is given wherever a request may name anything. */
  const payloadOf = (path: string, { run, model, experiment, registered }: Things): object => {
    const parent = 'mlflow.parentRunId';
    if (path.startsWith('/api/v1/')) return { experimentId: experiment, tags: { [parent]: run } };
    return {
      ...{ run_id: run, source_run_id: run, model_id: model, experiment_id: experiment, name: registered },
      source: `runs:/${run}/model`,
      tags: [{ key: parent, value: run }],
    };
  };

  async function reached(things: Things, routes: readonly Route[]): Promise<string[]> {
    const found: string[] = [];
    for (const { method, path } of routes) {
      const reply = await send(token, method, addressOf(path, things), payloadOf(path, things));
      expect([401, 500], `${method} ${path}`).not.toContain(reply.statusCode);
      if (reply.statusCode !== 403) found.push(`${method} ${path}`);
    }
    return found.sort();
  }

  test('writes into its own run and what hangs on it, and nowhere else', async () => {
    const viewer = (await platform.services.auth.createToken({ name: 'v', role: 'viewer' }, platform.caller))
      .secret;
    // What a viewer may not is what changes something; MLflow's other addresses are the same routes again.
    const writing: Route[] = [];
    for (const route of platform.http.allRoutes) {
      if (/^\/(?:api\/3|ajax-api)/.test(route.path) || ['GET', 'HEAD', 'OPTIONS'].includes(route.method))
        continue;
      const reply = await send(viewer, route.method, addressOf(route.path, foreign), {});
      if (reply.statusCode === 403) writing.push(route);
    }
    expect(writing.length).toBeGreaterThan(100);
    expect(await reached(foreign, writing)).toEqual([]);
    expect(await reached(own, writing)).toEqual(allowed);
  });

  test('reads all of its workspace', async () => {
    const reading = platform.http.allRoutes.filter(
      ({ method, path }) => method === 'GET' && /^\/api\/(?:v1|2\.0)\//.test(path),
    );
    const refused: string[] = [];
    for (const { method, path } of reading.filter((route) => !/\/(?:events|live)$/.test(route.path))) {
      const { statusCode } = await send(token, method, addressOf(path, foreign));
      expect([401, 500], path).not.toContain(statusCode);
      if (statusCode === 403) refused.push(path);
    }
    // Users, tokens, addresses of others and who was erased are the admins' matter; clients are for who may predict.
    expect(
      refused.every((path) =>
        /users|groups|grants|tokens|webhooks|event-sink|garbage|subjects|openapi|client/.test(path),
      ),
      refused.join(),
    ).toBe(true);
  });

  test('begins runs inside its own, in the same experiment, and is told why not elsewhere', async () => {
    const nested = (parent: string, experiment: string) => ({
      experiment_id: experiment,
      tags: [{ key: 'mlflow.parentRunId', value: parent }],
    });
    await send(token, 'POST', '/api/2.0/mlflow/runs/restore', { run_id: own.run });
    const child = await mlflow(token, 'runs/create', nested(own.run, own.experiment));
    const grandchild = await mlflow(token, 'runs/create', nested(child.run.info.run_id, own.experiment));
    await mlflow(token, 'runs/log-parameter', { run_id: grandchild.run.info.run_id, key: 'a', value: '1' });
    const refusals = [
      ['runs/create', nested(own.run, foreign.experiment)],
      ['runs/create', nested(foreign.run, own.experiment)],
      ['runs/create', { experiment_id: own.experiment }],
      ['runs/outputs', { run_id: own.run, models: [{ model_id: foreign.model, step: 0 }] }],
      [
        'runs/log-batch',
        { run_id: own.run, metrics: [{ key: 'a', value: 1, timestamp: 1, model_id: foreign.model }] },
      ],
      ['registered-models/create', { name: 'mine' }],
      ['model-versions/create', { name: 'mine', source: `runs:/${own.run}/model`, run_id: own.run }],
      ['registered-models/alias', { name: 'mine', alias: 'champion', version: '1' }],
    ] as const;
    for (const [path, payload] of refusals) {
      const reply = await send(token, 'POST', `/api/2.0/mlflow/${path}`, payload);
      expect([path, reply.statusCode, reply.json().error_code]).toEqual([path, 403, 'PERMISSION_DENIED']);
      expect(reply.json().message).toContain(
        `The token of job:${job.id} reads, and writes to the job's own run`,
      );
      if (path === 'registered-models/create')
        expect(reply.json().message).toContain('Submit the job with --may-register NAME');
      if (path === 'runs/create') expect(reply.json().message).toContain('nested=True');
    }
    const submit = await send(token, 'POST', '/api/v1/jobs/command', { experiment: 'x', command: ['true'] });
    expect([submit.statusCode, submit.json().error.code]).toEqual([403, 'jobTokenRefused']);
  });

  test('registers versions of the one model that it may, from what its own run logged', async () => {
    const name = 'own model';
    const create = (payload: object) => send(token, 'POST', '/api/2.0/mlflow/model-versions/create', payload);
    const sources = [
      { source: `runs:/${own.run}/model`, run_id: own.run },
      { source: `models:/${own.model}`, run_id: own.run, model_id: own.model },
      { source: `mlflow-artifacts:/${own.experiment}/${own.run}/artifacts/model` },
    ];
    for (const source of sources) expect((await create({ name, ...source })).body).toContain('"version"');
    const refused = [
      { name: 'mine', ...sources[0] },
      { name, source: `runs:/${foreign.run}/model` },
      { name, source: `runs:/${foreign.run}/model`, run_id: own.run },
      { name, source: `models:/${foreign.model}`, run_id: own.run },
      { name, source: `models:/${own.model}`, run_id: foreign.run },
      { name, source: `models:/${own.model}`, model_id: foreign.model },
      { name, source: 'models:/own model/1' },
      { name, source: 's3://bucket/model', run_id: own.run },
    ];
    for (const payload of refused)
      expect([payload, (await create(payload)).statusCode]).toEqual([payload, 403]);
    for (const [path, method] of [
      ['alias', 'POST'],
      ['delete', 'DELETE'],
      ['set-tag', 'POST'],
    ] as const) {
      const reply = await send(token, method, `/api/2.0/mlflow/registered-models/${path}`, {
        name,
        alias: 'a',
        version: '1',
        key: 'k',
        value: 'v',
      });
      expect([path, reply.statusCode]).toEqual([path, 403]);
    }
  });

  test('is another for the next attempt, and none is left when the job has ended', async () => {
    const whoami = (secret: string) => send(secret, 'GET', '/api/v1/whoami');
    expect((await whoami(token)).json()).toMatchObject({ actor: `job:${job.id}`, resource: `job:${job.id}` });
    const rows = () =>
      platform.database.db.selectFrom('tokens').selectAll().where('resource', 'like', 'job:%').execute();
    const [row] = await rows();
    expect(row).toMatchObject({ role: 'editor', workspace: 'default' });
    expect(Number(row?.expires_at) - Number(row?.created_at)).toBeGreaterThan(100_000);
    expect(JSON.stringify(row)).not.toContain(token);

    await end(1, 1);
    const second = await readToken(2);
    expect(second).not.toBe(token);
    expect((await whoami(second)).statusCode).toBe(200);
    const late = await whoami(token);
    expect([late.statusCode, late.json().error.message]).toEqual([
      401,
      expect.stringContaining('only while that attempt of it runs'),
    ]);

    await end(2, 0);
    const ended = await until(platform.services.jobs, job.id, platform.caller, isEnded);
    expect(ended).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect((await whoami(second)).statusCode).toBe(401);
    expect(await rows()).toEqual([]);
  });
});

/** Notes who else would see the secret, and tells it in every way it can, in pieces too. */
const talkative = `printf 'a=%.20s' "$TIDEMILL_TOKEN"; ps -eo args > "$0/ps"; sleep 0.4
  printf '%s\\n' "$TIDEMILL_TOKEN" | cut -c21-; printf %s "$TIDEMILL_TOKEN" > "$0/new1"; mv "$0/new1" "$0/token1"
  while [ ! -e "$0/end1" ]; do sleep 0.02; done; echo "cannot use $TIDEMILL_TOKEN" >&2; exit 3`;

test('its secret is in no log, parameter, message, list of processes or database', async () => {
  const platform = await createTestPlatform({ host: '0.0.0.0' });
  onTestFinished(() => platform.close());
  const { jobs, experiments } = platform.services;
  const notes = join(platform.folder, 'notes');
  await mkdir(notes);
  const input = { experiment: 'talk', command: ['sh', '-c', talkative, notes] };
  const { id, runId } = await jobs.submitCommand(input, platform.caller);
  const secret = await readNote(notes, 'token1');
  const shown = `tdm_${'*'.repeat(secret.length - 4)}`;
  expect(secret).toMatch(/^tdm_job_[\w-]{43}$/);

  const logs = async (offset = 0) => textOf((await jobs.logs({ id, offset }, platform.caller)).content);
  expect(await logs()).toBe(`a=${shown}\n`);
  for (let offset = 0; offset < 50; offset++) expect(await logs(offset)).toBe(`a=${shown}\n`.slice(offset));
  for (const path of ['log-parameter', 'set-tag']) {
    const reply = await platform.http.inject({
      ...{ method: 'POST', url: `/api/2.0/mlflow/runs/${path}` },
      headers: { host: 'localhost', authorization: `Bearer ${secret}` },
      payload: { run_id: runId, key: 'env', value: JSON.stringify({ TIDEMILL_TOKEN: secret }) },
    });
    expect(reply.statusCode).toBe(200);
  }

  await writeFile(join(notes, 'end1'), '');
  const ended = await until(jobs, id, platform.caller, isEnded);
  expect(ended.error).toContain(`cannot use ${shown}`);
  const run = await experiments.getRun({ id: runId ?? '' }, platform.caller);
  expect([run.parameters.env, run.tags.env]).toEqual(
    Array(2).fill(JSON.stringify({ TIDEMILL_TOKEN: shown })),
  );
  expect(await readFile(join(notes, 'ps'), 'utf8')).toContain(notes);
  await rm(join(notes, 'token1'));
  for (const entry of await readdir(platform.folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    expect((await readFile(path)).includes(secret.slice(8)), path).toBe(false);
  }
});

test('one that is given along is refused, as everybody would read it', async () => {
  const platform = await createTestPlatform();
  onTestFinished(() => platform.close());
  const secret = `tdm_${'x'.repeat(43)}`;
  const command = ['true'];
  for (const [change, where] of [
    [{ environment: { A: secret } }, 'variables'],
    [{ parameters: { a: secret } }, 'parameters'],
    [{ command: ['curl', '-H', `Authorization: Bearer ${secret}`] }, 'command'],
  ] as const) {
    const submit = platform.services.jobs.submitCommand(
      { experiment: 'x', command, ...change } as never,
      platform.caller,
    );
    await expect(submit).rejects.toMatchObject({ code: 'jobHoldsToken', details: { where } });
  }
});

test('after kill -9 the next attempt has its own', async () => {
  const root = await tempDir();
  const [dataFolder, notes] = [join(root, 'data'), join(root, 'notes')];
  for (const folder of [dataFolder, notes]) await mkdir(folder);
  const host = '0.0.0.0';
  const input = { experiment: 'killed', command: ['sh', '-c', script, notes] };
  const server = await startKillableServer(dataFolder, 'jobs.submitCommand', input, { host });
  const first = await readNote(notes, 'token1');
  await server.kill();
  const platform = await createTestPlatform({ dataFolder, host });
  onTestFinished(() => platform.close());
  const second = await readNote(notes, 'token2');
  const whoami = (secret: string) =>
    platform.http.inject({
      url: '/api/v1/whoami',
      headers: { host: 'localhost', authorization: `Bearer ${secret}` },
    });
  expect([(await whoami(first)).statusCode, (await whoami(second)).statusCode]).toEqual([401, 200]);
  await writeFile(join(notes, 'end2'), '0');
  expect(await until(platform.services.jobs, server.id, platform.caller, isEnded)).toMatchObject({
    state: 'succeeded',
  });
  expect((await whoami(second)).statusCode).toBe(401);
});
