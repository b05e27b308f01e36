// The doors of a login as browsers and programs meet them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

const password = 'correct horse battery';
let platform: TestPlatform;

beforeAll(async () => {
  platform = await createTestPlatform({ host: '0.0.0.0' });
  await platform.services.users.create({ name: 'mira', role: 'admin', password }, platform.caller);
});
afterAll(() => platform.close());

const send = (
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  headers: Record<string, string> = {},
  payload?: object,
) =>
  platform.http.inject({
    method,
    url,
    headers: { host: 'localhost:4600', ...headers },
    ...(payload && { payload }),
  });
const login = (headers: Record<string, string> = {}) =>
  send('POST', '/api/v1/login', headers, { name: 'mira', password });
const cookieOf = async () => String((await login()).headers['set-cookie']).split(';')[0] ?? '';

test('a login sets a cookie that no script reads and no other site sends; behind TLS it needs TLS', async () => {
  const reply = await login();
  expect(reply.json()).toMatchObject({ actor: 'user:mira', role: 'admin', via: 'session' });
  expect(reply.headers['set-cookie']).toMatch(
    /^tidemill_session=tdm_ses_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=604800$/,
  );
  for (const [name, value] of [
    ['x-forwarded-proto', 'https'],
    ['origin', 'https://localhost'],
  ] as const)
    expect((await login({ [name]: value })).headers['set-cookie']).toMatch(/; Secure$/);
});

test('by the cookie alone something is changed from our own pages only', async () => {
  const cookie = await cookieOf();
  const make = (headers: Record<string, string>) =>
    send(
      'POST',
      '/api/v1/groups',
      { cookie, ...headers },
      { name: `g${Math.random().toString(36).slice(2)}` },
    );
  expect((await send('GET', '/api/v1/users', { cookie })).statusCode).toBe(200);
  expect((await make({})).json().error.code).toBe('crossSiteRefused');
  for (const site of ['cross-site', 'same-site', 'none'])
    expect((await make({ 'sec-fetch-site': site })).json().error.code).toBe('crossSiteRefused');
  expect((await make({ origin: 'http://localhost:4700' })).json().error.code).toBe('crossSiteRefused');
  expect((await make({ origin: 'http://evil.example' })).statusCode).toBe(403);
  for (const [name, value] of [
    ['sec-fetch-site', 'same-origin'],
    ['origin', 'http://localhost:4600'],
  ] as const)
    expect((await make({ [name]: value })).statusCode).toBe(201);
});

test('after a logout the cookie is nobody’s, and taken away', async () => {
  const cookie = await cookieOf();
  const reply = await send('POST', '/api/v1/logout', { cookie, 'sec-fetch-site': 'same-origin' });
  expect([reply.statusCode, reply.headers['set-cookie']]).toEqual([
    200,
    expect.stringContaining('Max-Age=0'),
  ]);
  expect((await send('GET', '/api/v1/whoami', { cookie })).statusCode).toBe(401);
});

test('MLflow’s doors take name and password, and say who is wrong in its words', async () => {
  const url = '/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default';
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  expect((await send('GET', url, basic(`mira:${password}`))).statusCode).toBe(200);
  const wrong = await send('GET', url, basic('mira:wrong'));
  expect([wrong.statusCode, wrong.json().error_code]).toEqual([401, 'UNAUTHENTICATED']);
  expect(wrong.body).not.toContain('mira:wrong');
});

test('what a user is given on one thing opens just that', async () => {
  const { users, grants, registry } = platform.services;
  await users.create({ name: 'bo', role: 'none', password }, platform.caller);
  await registry.models.create({ name: 'prices', tags: [] }, platform.caller);
  await registry.models.create({ name: 'other', tags: [] }, platform.caller);
  await grants.add({ to: 'user:bo', role: 'editor', resource: 'model:prices' }, platform.caller);
  const headers = { authorization: `Basic ${Buffer.from(`bo:${password}`).toString('base64')}` };
  const codes = async (...urls: string[]) => {
    const found: number[] = [];
    for (const url of urls) found.push((await send('GET', url, headers)).statusCode);
    return found;
  };
  expect(await codes('/api/v1/models/prices', '/api/v1/models/other', '/api/v1/models')).toEqual([
    200, 403, 403,
  ]);
  const mlflow = '/api/2.0/mlflow/registered-models/get?name=';
  expect(await codes(`${mlflow}prices`, `${mlflow}other`)).toEqual([200, 403]);
  const rename = await send('POST', '/api/v1/models/prices/rename', headers, { newName: 'other2' });
  expect(rename.json().error.code).toBe('grantElsewhere');
  const whoami = (await send('GET', '/api/v1/whoami', headers)).json();
  expect(whoami).toMatchObject({ role: 'none', grants: [{ role: 'editor', resource: 'model:prices' }] });
});

test('on the server’s own machine a stale cookie keeps nobody out, and a login names who it is', async () => {
  const local = await createTestPlatform();
  try {
    const ask = (headers: Record<string, string>) =>
      local.http.inject({ url: '/api/v1/whoami', headers: { host: 'localhost', ...headers } });
    expect((await ask({ cookie: 'tidemill_session=tdm_ses_gone' })).json()).toMatchObject({ via: 'local' });
    await local.services.users.create({ name: 'mira', role: 'viewer', password }, local.caller);
    const basic = { authorization: `Basic ${Buffer.from(`mira:${password}`).toString('base64')}` };
    expect((await ask(basic)).json()).toMatchObject({ actor: 'user:mira', role: 'viewer', via: 'password' });
  } finally {
    await local.close();
  }
});
