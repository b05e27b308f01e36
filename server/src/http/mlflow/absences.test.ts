import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

let platform: TestPlatform;
let base: string;

beforeAll(async () => {
  platform = await createTestPlatform();
  await platform.http.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(platform.http.server.address() as AddressInfo).port}`;
});
afterAll(() => platform.close());

async function ask(method: string, path: string, type = 'application/json') {
  const hasBody = method !== 'GET';
  const reply = await fetch(base + path, {
    method,
    ...(hasBody && { body: '{}', headers: { 'content-type': type } }),
  });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

test.each([
  ['POST', '/api/3.0/mlflow/traces'],
  ['POST', '/api/2.0/mlflow/traces'],
  ['POST', '/api/3.0/mlflow/traces/search'],
  ['GET', '/api/3.0/mlflow/traces/tr-1'],
  ['POST', '/api/3.0/mlflow/traces/tr-1/assessments'],
  ['GET', '/ajax-api/3.0/mlflow/get-trace-artifact'],
  ['POST', '/api/3.0/mlflow/datasets/create'],
  ['POST', '/api/3.0/mlflow/datasets/search'],
  ['GET', '/api/3.0/mlflow/datasets/d-1/records'],
  ['POST', '/api/3.0/mlflow/scorers/register'],
  ['GET', '/api/3.0/mlflow/gateway/endpoints/list'],
  ['POST', '/ajax-api/2.0/mlflow/gateway-proxy'],
  ['POST', '/gateway/chat/invocations'],
  ['GET', '/api/2.0/gateway/routes/'],
  ['POST', '/api/2.0/endpoints/'],
  ['POST', '/api/3.0/mlflow/prompt-optimization/jobs'],
  ['PATCH', '/ajax-api/3.0/mlflow/jobs/cancel/1'],
  ['GET', '/ajax-api/3.0/jobs/1'],
  ['POST', '/api/3.0/mlflow/workspaces'],
  ['POST', '/api/2.0/mlflow/users/create'],
  ['GET', '/api/2.0/mlflow/experiments/permissions/get'],
  ['POST', '/graphql'],
  ['GET', '/graphql'],
  ['POST', '/ajax-api/2.0/mlflow/runs/create-promptlab-run'],
])('%s %s is said not to be here, in words', async (method, path) => {
  expect(await ask(method, path)).toEqual({
    status: 501,
    body: {
      error_code: 'NOT_IMPLEMENTED',
      message: expect.stringMatching(/is not implemented by Tidemill\. Leave it out/),
    },
  });
});

test('spans come as protobuf; they are not refused for that', async () => {
  expect(await ask('POST', '/v1/traces', 'application/x-protobuf')).toMatchObject({ status: 501 });
});

test.each(['/api/2.0/mlflow/no/such/thing', '/api/3.0/mlflow/tracesx', '/ajax-api/2.0/mlflow/toString'])(
  '%s is nothing of MLflow either',
  async (path) => {
    expect(await ask('GET', path)).toMatchObject({ status: 404, body: { error_code: 'ENDPOINT_NOT_FOUND' } });
  },
);

test('what the client asks a server about itself', async () => {
  expect(await ask('GET', '/api/3.0/mlflow/server-info')).toMatchObject({
    status: 200,
    body: { store_type: 'SqlStore', workspaces_enabled: false },
  });
});
