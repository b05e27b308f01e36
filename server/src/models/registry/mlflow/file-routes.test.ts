import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../../testing/platform.ts';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await createTestPlatform();
  const { experiments, registry } = platform.services;
  const run = await experiments.createRun({ experimentId: '0' }, platform.caller);
  for (const [path, text] of [
    ['model/MLmodel', 'flavors:\n  python_function:\n    loader_module: x\n'],
    ['model/code/a.html', '<script>'],
  ] as const)
    await experiments.putArtifact({ id: run.id, path, content: Buffer.from(text) }, platform.caller);
  await registry.register({ name: 'my model', runId: run.id, path: 'model' }, platform.caller);
});
afterAll(() => platform.close());

const get = (path: string, query = 'name=my%20model&version=1', base = '') =>
  platform.http.inject({ url: `${base}/model-versions/get-artifact?${query}&path=${path}` });

test('a file of a version leaves as an attachment, at the root and below the prefixes', async () => {
  for (const base of ['', '/api/2.0/mlflow', '/ajax-api/2.0/mlflow', '/ajax-api/3.0/mlflow']) {
    const reply = await get('code/a.html', undefined, base);
    expect([reply.statusCode, reply.body]).toEqual([200, '<script>']);
    expect(reply.headers).toMatchObject({
      'content-disposition': "attachment; filename*=UTF-8''a.html",
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
  }
});

test.each([
  ['code', undefined, 400],
  ['none', undefined, 404],
  ['MLmodel', 'name=my%20model&version=2', 404],
  ['MLmodel', 'name=other&version=1', 404],
  ['MLmodel', 'name=my%20model&version=one', 400],
  ['MLmodel', 'name=my%20model', 400],
  ['../../../../etc/passwd', undefined, 400],
  ['/etc/passwd', undefined, 400],
  ['file:///etc/passwd', undefined, 400],
  ['%252e%252e%252fx', undefined, 400],
  ['..%5c..%5cetc', undefined, 400],
  ['C:/x', undefined, 400],
  ['a%23b', undefined, 400],
] as const)('%s of %s: %i', async (path, query, status) => {
  const reply = await get(path, query);
  expect([reply.statusCode, reply.json().error_code]).toEqual([
    status,
    status === 404 ? 'RESOURCE_DOES_NOT_EXIST' : 'INVALID_PARAMETER_VALUE',
  ]);
});
