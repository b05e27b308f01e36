import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request as send } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../../testing/platform.ts';
import { createTempDir } from '../../../testing/temp-dir.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** `fetch` would tidy a path up before it is sent. */
function raw(url: string, path: string, method = 'GET', body?: string | Buffer): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body ?? '') };
  return new Promise((resolve, reject) => {
    const outgoing = send({ hostname, port, path, method, headers }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk) => chunks.push(chunk));
      reply.on('end', () =>
        resolve({
          status: reply.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          headers: reply.headers,
        }),
      );
    });
    outgoing.on('error', reject).end(body);
  });
}

describe("MLflow's doors to files", () => {
  let platform: TestPlatform;
  let url: string;
  let run: string;
  let folder: Awaited<ReturnType<typeof createTempDir>>;
  const bases = ['/api/2.0', '/ajax-api/2.0', '/api/3.0', '/ajax-api/3.0'];
  beforeAll(async () => {
    folder = await createTempDir();
    platform = await createTestPlatform({ dataFolder: folder.path });
    url = await platform.http.listen({ port: 0, host: '127.0.0.1' });
    run = (await platform.services.experiments.createRun({ experimentId: '0' }, platform.caller)).id;
    await raw(
      url,
      `${bases[0]}/mlflow-artifacts/artifacts/0/${run}/artifacts/page/x.html`,
      'PUT',
      '<script>',
    );
  });
  afterAll(async () => {
    await platform.close();
    await folder.remove();
  });

  const filesOf = async () =>
    (await platform.services.experiments.artifactFiles(run, '', 'default')).map(({ path }) => path);

  /** Each way in which a path reaches us, with the path written as given. */
  const doors = (path: string): (readonly [string, string, string?])[] =>
    bases.flatMap((base) => {
      const place = `0/${run}/artifacts/${path}`;
      const file = JSON.stringify({ path: '/tmp/f', num_parts: 1, upload_id: 'x', parts: [] });
      return [
        ['GET', `${base}/mlflow-artifacts/artifacts/${place}`],
        ['PUT', `${base}/mlflow-artifacts/artifacts/${place}`, 'x'],
        ['DELETE', `${base}/mlflow-artifacts/artifacts/${place}`],
        ['DELETE', `${base}/mlflow-artifacts/artifacts/${path}`],
        ['GET', `${base}/mlflow-artifacts/artifacts?path=${place}`],
        ['GET', `${base}/mlflow-artifacts/artifacts?path=${path}`],
        ['POST', `${base}/mlflow-artifacts/mpu/create/${place}`, file],
        ['POST', `${base}/mlflow-artifacts/mpu/complete/${place}`, file],
        ['POST', `${base}/mlflow-artifacts/mpu/abort/${place}`, file],
        ['GET', `${base}/mlflow/artifacts/list?run_id=${run}&path=${path}`],
        ['GET', `${base}/mlflow/get-artifact?run_id=${run}&path=${path}`],
        ['POST', `${base}/mlflow/upload-artifact?run_uuid=${run}&path=${path}`, 'x'],
        ['GET', `/get-artifact?run_uuid=${run}&path=${path}`],
        ['GET', `/api/v1/runs/${run}/artifact?path=${path}`],
        ['PUT', `/api/v1/runs/${run}/artifact?path=${path}`, 'x'],
      ] as const;
    });

  test.each([
    '../../../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e/%2e%2e/x',
    '%252E%252E%252Fetc',
    '%25252e%25252e/x',
    '/etc/passwd',
    '%2Fetc%2Fpasswd',
    'file:///etc/passwd',
    'file%3A%2F%2F%2Fetc%2Fpasswd',
    'C:/x',
    'a%23b',
    'a%2523b',
    '..%5c..%5cetc',
    'a/..%5c..%5cetc',
    'a%00b',
    'a//b',
    './a',
  ])('the path %s is refused at each of them', async (path) => {
    for (const [method, address, body] of doors(path)) {
      const answer = await raw(url, address, method, body);
      expect([400, 404], `${method} ${address}: ${answer.body}`).toContain(answer.status);
      // What the router takes for another address is nobody's file; all else says what is wrong.
      if (answer.status === 404) expect(answer.body).toMatch(/routeNotFound|ENDPOINT_NOT_FOUND/);
      else expect(answer.body).toMatch(/Invalid path|holds a NUL character/);
      expect(answer.body).not.toContain('root:');
    }
    expect(await filesOf()).toEqual(['page/x.html']);
  });

  test('a page leaves as an attachment that runs nothing', async () => {
    for (const address of [
      `/get-artifact?run_id=${run}&path=page/x.html`,
      `/ajax-api/2.0/mlflow/get-artifact?run_uuid=${run}&path=page/x.html`,
      `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/page/x.html`,
    ]) {
      const { status, body, headers } = await raw(url, address);
      expect([status, body]).toEqual([200, '<script>']);
      expect(headers).toMatchObject({
        'content-type': expect.stringMatching(/^text\/html/),
        'content-disposition': "attachment; filename*=UTF-8''x.html",
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      });
    }
  });

  test.each([
    ['/get-artifact?run_id=RUN&path=none', 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['/get-artifact?run_id=RUN&path=page', 400, 'INVALID_PARAMETER_VALUE'],
    ['/get-artifact?run_id=RUN', 400, 'INVALID_PARAMETER_VALUE'],
    ['/get-artifact?path=x', 400, 'INVALID_PARAMETER_VALUE'],
    [`/get-artifact?run_id=${'f'.repeat(32)}&path=x`, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['/api/2.0/mlflow-artifacts/artifacts/0/RUN/artifacts/page', 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['/api/2.0/mlflow-artifacts/presigned/0/RUN/artifacts/page', 501, 'NOT_IMPLEMENTED'],
  ])('GET %s: %i %s', async (path, status, code) => {
    const answer = await raw(url, path.replace('RUN', run));
    expect([answer.status, JSON.parse(answer.body).error_code]).toEqual([status, code]);
  });

  test('addresses for a cloud store are declined as for any proxied root', async () => {
    for (const what of ['upload', 'download']) {
      const ask = (body: object) =>
        raw(url, `/api/2.0/mlflow/artifacts/presigned-${what}-url`, 'POST', JSON.stringify(body));
      expect(await ask({ run_id: run, path: 'x' })).toMatchObject({
        status: 400,
        body: expect.stringContaining('not supported for proxied artifact storage'),
      });
      expect(await ask({ run_id: run, path: '../x' })).toMatchObject({
        status: 400,
        body: expect.stringContaining('Invalid path'),
      });
    }
  });

  test.each([
    'file:///etc',
    '/etc',
    '/etc/../etc',
    'relative',
    'http://169.254.169.254/latest',
    'http:///#/../../etc/',
    'http://x/a;b',
    's3://b/x?a=../..',
    's3://b/x',
    'runs:/a/b',
    'mlflow-artifacts:/../../etc',
    'mlflow-artifacts://evil.example/x',
    'mlflow-artifacts:/0',
    'x'.repeat(3_000),
  ])('no experiment keeps its files at %s', async (location) => {
    const body = JSON.stringify({ name: `at ${location.slice(0, 100)}`, artifact_location: location });
    for (const base of bases)
      expect(await raw(url, `${base}/mlflow/experiments/create`, 'POST', body)).toMatchObject({
        status: 400,
        body: expect.stringContaining('INVALID_PARAMETER_VALUE'),
      });
  });

  test('the place that it has anyway may be named', async () => {
    const body = JSON.stringify({ name: 'named place', artifact_location: 'mlflow-artifacts:/' });
    const { experiment_id: id } = JSON.parse(
      (await raw(url, '/api/2.0/mlflow/experiments/create', 'POST', body)).body,
    );
    const found = await raw(url, `/api/2.0/mlflow/experiments/get?experiment_id=${id}`);
    expect(JSON.parse(found.body).experiment.artifact_location).toBe(`mlflow-artifacts:/${id}`);
  });

  test("the pages' upload takes a file of up to 10 MB", async () => {
    const own = (await platform.services.experiments.createRun({ experimentId: '0' }, platform.caller)).id;
    const address = `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${own}&path=a%20b.json`;
    expect(await raw(url, address, 'POST', '{ not json')).toMatchObject({ status: 200, body: '{}' });
    expect((await raw(url, `/get-artifact?run_id=${own}&path=a%20b.json`)).body).toBe('{ not json');
    expect(await raw(url, address, 'POST')).toMatchObject({ status: 400 });
    const tooLarge = await raw(url, address, 'POST', Buffer.alloc(10 * 1024 * 1024 + 1));
    expect(tooLarge).toMatchObject({ status: 400, body: expect.stringContaining('10485760') });
  });

  describe('in parts', () => {
    const mpu = `${bases[0]}/mlflow-artifacts/mpu`;
    const post = async (verb: string, body: object, path = 'big') => {
      const answer = await raw(
        url,
        `${mpu}/${verb}/0/${run}/artifacts/${path}`,
        'POST',
        JSON.stringify(body),
      );
      return { status: answer.status, ...JSON.parse(answer.body) };
    };
    const parts = [randomBytes(300_000), randomBytes(300_000), randomBytes(7)];
    const create = () => post('create', { path: '/home/me/model.bin', num_parts: '3' });
    const put = async (address: string, content: Buffer) => {
      const answer = await raw(url, new URL(address).pathname, 'PUT', content);
      return { status: answer.status, etag: String(answer.headers.etag) };
    };
    const putAll = async (credentials: readonly { url: string; part_number: number }[]) =>
      Promise.all(
        credentials.map(async (credential, index) => ({
          part_number: credential.part_number,
          etag: (await put(credential.url, parts[index] ?? Buffer.alloc(0))).etag,
          url: credential.url,
        })),
      );
    const foldersOfParts = () => readdir(join(platform.folder, 'blobs', 'parts'));

    test('a file is put together in order, once, however often it is said', async () => {
      const { upload_id, credentials } = await create();
      expect(credentials).toHaveLength(3);
      expect(credentials[0]).toEqual({
        url: `${url}${mpu}/parts/${upload_id}/1`,
        part_number: 1,
        headers: {},
      });
      const sent = await putAll(credentials);
      const complete = () => post('complete', { path: 'model.bin', upload_id, parts: [...sent].reverse() });
      const answers = await Promise.all([complete(), complete(), complete()]);
      expect(answers).toEqual([{ status: 200 }, { status: 200 }, { status: 200 }]);
      const [file] = await platform.services.experiments.artifactFiles(run, 'big', 'default');
      const whole = Buffer.concat(parts);
      expect(file).toEqual({
        path: 'big/model.bin',
        size: whole.length,
        sha256: createHash('sha256').update(whole).digest('hex'),
      });
      expect(await foldersOfParts()).toEqual([]);
      expect((await put(credentials[0].url, Buffer.from('late'))).status).toBe(404);
    });

    test('nothing comes of an upload that lacks a part, or whose part is another', async () => {
      const { upload_id, credentials } = await create();
      const sent = await putAll(credentials);
      const complete = (list: readonly object[]) =>
        post('complete', { path: 'other.bin', upload_id, parts: list }, 'big');
      const right = (list: readonly object[]) =>
        post('complete', { path: 'model.bin', upload_id, parts: list });
      expect(await complete(sent)).toMatchObject({ status: 404 });
      for (const list of [
        sent.slice(1),
        [...sent, sent[0] ?? {}],
        [sent[0], sent[0], sent[0]] as object[],
        sent.map((part) => ({ ...part, etag: 'f'.repeat(64) })),
        sent.map((part) => ({ ...part, etag: '../../x' })),
      ])
        expect(await right(list)).toMatchObject({ status: 400, error_code: 'INVALID_PARAMETER_VALUE' });
      expect(await filesOf()).not.toContain('big/other.bin');
      expect(await post('abort', { path: 'model.bin', upload_id })).toEqual({ status: 200 });
      expect(await foldersOfParts()).toEqual([]);
      expect(await right(sent)).toMatchObject({ status: 404 });
      expect(await post('abort', { path: 'model.bin', upload_id })).toMatchObject({ status: 404 });
    });

    test.each([
      [{ path: 'x', num_parts: 0 }],
      [{ path: 'x', num_parts: 10_001 }],
      [{ path: 'x' }],
      [{ num_parts: 1 }],
      [{ path: '/a/..', num_parts: 1 }],
      [{ path: 'a#b', num_parts: 1 }],
      [{ path: 'a/', num_parts: 1 }],
    ])('%j makes no upload', async (body) => {
      expect(await post('create', body)).toMatchObject({ status: 400 });
      expect(await foldersOfParts()).toEqual([]);
    });

    test.each(['4', '0', '-1', 'x', '1e9'])('there is no part %s of three', async (number) => {
      const { upload_id } = await create();
      expect(await put(`${url}${mpu}/parts/${upload_id}/${number}`, Buffer.from('x'))).toMatchObject({
        status: 400,
      });
      await post('abort', { path: 'model.bin', upload_id });
    });

    test('an upload goes on after a restart, and nobody else can go on with it', async () => {
      const { upload_id, credentials } = await create();
      const sent = await putAll(credentials.slice(0, 2));
      await platform.close();
      platform = await createTestPlatform({ dataFolder: platform.folder });
      url = await platform.http.listen({ port: 0, host: '127.0.0.1' });
      const last = await put(credentials[2].url, parts[2] ?? Buffer.alloc(0));
      const list = [...sent, { part_number: 3, etag: last.etag }];
      expect(await post('complete', { path: 'model.bin', upload_id, parts: list })).toEqual({ status: 200 });
      expect((await put(`${url}${mpu}/parts/${'0'.repeat(32)}/1`, Buffer.from('x'))).status).toBe(404);
      expect((await put(`${url}${mpu}/parts/..%2f..%2fx/1`, Buffer.from('x'))).status).toBe(404);
    });
  });
});
