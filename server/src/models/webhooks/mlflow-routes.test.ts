import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mlflowBases } from '../../http/mlflow/mlflow-api.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

type Fields = Record<string, unknown>;

const receiver = createServer((request, response) => {
  request.resume();
  response.writeHead(Number(request.url?.slice(1)) || 200).end('the answer');
});
let platform: TestPlatform;
let url: string;
const tokens = new Map<string, string>();

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const webhookDestinations = { schemes: ['http', 'https'] as const, allowPrivate: true };
  platform = await createTestPlatform({ host: '0.0.0.0', webhookDestinations });
  for (const role of ['viewer', 'editor', 'operator', 'admin'] as const) {
    const { secret } = await platform.services.auth.createToken({ name: role, role }, platform.caller);
    tokens.set(role, secret);
  }
});
afterAll(async () => {
  await platform.close();
  receiver.closeAllConnections();
  receiver.close();
});

async function call(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  fields: Fields = {},
  { role = 'admin', base = '/api/2.0' } = {},
) {
  const isGet = method === 'GET';
  const query = isGet ? `?${new URLSearchParams(fields as Record<string, string>)}` : '';
  const reply = await platform.http.inject({
    method,
    url: `${base}/mlflow/webhooks${path}${query}`,
    headers: { host: 'localhost', authorization: `Bearer ${tokens.get(role)}` },
    ...(!isGet && { payload: fields }),
  });
  return { status: reply.statusCode, json: reply.json() };
}

const created = { entity: 'REGISTERED_MODEL', action: 'CREATED' };
const valid = () => ({ name: 'ci', url, events: [created] });

describe("MLflow's webhooks", () => {
  test('create, get, list, change, test, delete, under every prefix', async () => {
    const fields = { ...valid(), description: 'the build', secret: 'swordfish', unknown: 1 };
    const { status, json } = await call('POST', '', fields);
    expect(status).toBe(200);
    expect(json.webhook).toEqual({
      webhook_id: expect.stringMatching(/^webhook_/),
      name: 'ci',
      description: 'the build',
      url,
      events: [created],
      status: 'ACTIVE',
      creation_timestamp: expect.any(Number),
      last_updated_timestamp: expect.any(Number),
    });
    const path = `/${json.webhook.webhook_id}`;
    for (const base of mlflowBases)
      expect((await call('GET', path, {}, { base })).json).toEqual({ webhook: json.webhook });
    expect((await call('GET', '')).json).toEqual({ webhooks: [json.webhook] });
    const change = { name: 'cd', status: 2, events: [{ entity: 4, action: 3 }], description: '' };
    const { description: _d, ...rest } = json.webhook;
    expect((await call('PATCH', path, change)).json.webhook).toEqual({
      ...rest,
      name: 'cd',
      status: 'DISABLED',
      events: [{ entity: 'MODEL_VERSION_ALIAS', action: 'DELETED' }],
      last_updated_timestamp: expect.any(Number),
    });
    expect((await call('PATCH', path, { name: '', url: '' })).json.webhook).toMatchObject({
      name: 'cd',
      url,
    });
    const tested = { result: { success: true, response_status: 200 } };
    expect((await call('POST', `${path}/test`)).json).toEqual(tested);
    expect((await call('POST', `${path}/test`, { event: created })).json).toEqual(tested);
    await call('PATCH', path, { url: `${url}503` });
    expect((await call('POST', `${path}/test`)).json).toEqual({
      result: { success: false, response_status: 503, error_message: 'it answers 503' },
    });
    expect(await call('DELETE', path)).toEqual({ status: 200, json: {} });
    expect((await call('GET', '')).json).toEqual({});
  });

  test('pages, newest first', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift((await call('POST', '', valid())).json.webhook.webhook_id);
    const first = (await call('GET', '', { max_results: '3' })).json;
    const second = (await call('GET', '', { max_results: '3', page_token: first.next_page_token })).json;
    const listed = [...first.webhooks, ...second.webhooks].map((webhook: Fields) => webhook.webhook_id);
    expect(listed).toEqual(ids.sort().reverse());
    expect(second.next_page_token).toBeUndefined();
    for (const id of ids) await call('DELETE', `/${id}`);
  });

  test.each<[string, Fields, number, string]>([
    ['no name', { name: undefined }, 400, 'INVALID_PARAMETER_VALUE'],
    ['no url', { url: '' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['no events', { events: [] }, 400, 'INVALID_PARAMETER_VALUE'],
    ['a bad name', { name: '../x' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['a name of NUL', { name: 'a\0' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['a name that is a list', { name: ['x'] }, 400, 'INVALID_PARAMETER_VALUE'],
    ['metadata', { url: 'http://169.254.169.254/latest' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['a file', { url: 'file:///etc/passwd' }, 400, 'INVALID_PARAMETER_VALUE'],
    [
      'no such event',
      { events: [{ entity: 'MODEL_VERSION', action: 'SET' }] },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['an event of nothing', { events: [7] }, 400, 'INVALID_PARAMETER_VALUE'],
    ['prompts', { events: [{ entity: 'PROMPT', action: 'CREATED' }] }, 501, 'NOT_IMPLEMENTED'],
  ])('refuses %s', async (_what, change, status, code) => {
    const reply = await call('POST', '', { ...valid(), ...change, secret: 'swordfish' });
    expect(reply).toMatchObject({ status, json: { error_code: code } });
    expect(JSON.stringify(reply.json)).not.toContain('swordfish');
    expect((await call('GET', '')).json).toEqual({});
  });

  test('what is not there is 404', async () => {
    for (const [method, path] of [
      ['GET', '/webhook_x'],
      ['PATCH', '/webhook_x'],
      ['DELETE', '/webhook_x'],
      ['POST', '/webhook_x/test'],
    ] as const)
      expect((await call(method, path)).json.error_code, `${method} ${path}`).toBe('RESOURCE_DOES_NOT_EXIST');
  });

  test('an admin enters addresses, an operator sees what becomes of them', async () => {
    const { webhook } = (await call('POST', '', valid())).json;
    const path = `/${webhook.webhook_id}`;
    for (const role of ['viewer', 'editor', 'operator']) {
      const isOperator = role === 'operator';
      expect((await call('POST', '', valid(), { role })).status, role).toBe(403);
      expect((await call('PATCH', path, { name: 'x' }, { role })).status, role).toBe(403);
      expect((await call('DELETE', path, {}, { role })).status, role).toBe(403);
      for (const [method, at] of [
        ['GET', ''],
        ['GET', path],
        ['POST', `${path}/test`],
      ] as const)
        expect((await call(method, at, {}, { role })).status, `${role} ${at}`).toBe(isOperator ? 200 : 403);
    }
    await call('DELETE', path);
  });

  test('without the flags only public https addresses are taken', async () => {
    const strict = await createTestPlatform();
    const create = (address: string) =>
      strict.services.webhooks.create(
        { name: 'ci', url: address, events: ['registered_model.created'] },
        strict.caller,
      );
    await expect(create(url)).rejects.toThrow('only https addresses can be called');
    await expect(create('https://127.0.0.1/')).rejects.toThrow('127.0.0.1 is private');
    await expect(create('https://localhost/')).rejects.toThrow('is private');
    await strict.close();
  });
});
