import { endpoints } from '@tidemill/contract';
import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { errors } from '../base/errors.ts';
import { createLogger } from '../base/logger.ts';
import { bind } from './bind.ts';
import { createHttp } from './server.ts';

const list = endpoints({
  predict: {
    method: 'POST',
    path: '/predict/:name',
    permission: 'invoke',
    summary: 'Predicts',
    params: Type.Object({ name: Type.String() }),
    reply: Type.Object({}),
  },
  change: { method: 'PUT', path: '/predict/:name', permission: 'operate', summary: 'Changes' },
  look: { method: 'GET', path: '/look', permission: 'read', summary: 'Looks' },
});

async function serve(corsOrigins: string[]) {
  const http = await createHttp({
    logger: createLogger('silent'),
    version: '1',
    allowedHosts: [],
    corsOrigins,
    authenticate: async () => ({ actor: 'user:owner', role: 'admin', workspace: 'default' }),
    assertReach: async () => {},
  });
  bind(http, 'test', list, {
    predict: ({ name }) => {
      if (name === 'none') throw errors.endpointNotFound({ name });
      return {};
    },
    change: () => undefined,
    look: () => undefined,
  });
  await http.register(
    async (scope) => {
      scope.post('/inner', { config: { permission: 'invoke' } }, async () => ({}));
    },
    { prefix: '/outer' },
  );
  return http;
}

const shop = 'https://shop.example';
const preflight = (origin: string, method = 'POST') => ({
  method: 'OPTIONS' as const,
  headers: { host: 'localhost', origin, 'access-control-request-method': method },
});
const from = (origin: string) => ({ host: 'localhost', origin });

describe('pages of other origins', () => {
  test('may predict where their origin is configured, and read a failure', async () => {
    const http = await serve([shop]);
    const asked = await http.inject({ ...preflight(shop), url: '/predict/a' });
    expect(asked.statusCode).toBe(204);
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': shop,
      'access-control-allow-methods': 'POST',
      'access-control-max-age': '600',
      vary: 'origin',
    });
    expect(asked.headers['access-control-allow-headers']).toContain('idempotency-key');
    for (const [url, status] of [
      ['/predict/a', 200],
      ['/predict/none', 404],
      ['/outer/inner', 200],
    ] as const) {
      const reply = await http.inject({ method: 'POST', url, headers: from(shop) });
      expect(reply.statusCode).toBe(status);
      expect(reply.headers).toMatchObject({ 'access-control-allow-origin': shop, vary: 'origin' });
      expect(reply.headers['access-control-expose-headers']).toContain('retry-after');
      expect(reply.headers).not.toHaveProperty('access-control-allow-credentials');
    }
    expect((await http.inject({ ...preflight(shop), url: '/outer/inner' })).headers).toMatchObject({
      'access-control-allow-origin': shop,
    });
  });

  test('are refused elsewhere, and so are other origins, whatever they resemble', async () => {
    const http = await serve([shop]);
    for (const origin of [
      'https://evil.example',
      'http://shop.example',
      `${shop}:8443`,
      `${shop}.evil.example`,
      'null',
    ]) {
      const asked = await http.inject({ ...preflight(origin), url: '/predict/a' });
      expect(asked.headers, origin).not.toHaveProperty('access-control-allow-origin');
      const reply = await http.inject({ method: 'POST', url: '/predict/a', headers: from(origin) });
      expect(reply.statusCode, origin).toBe(403);
      expect(reply.headers, origin).not.toHaveProperty('access-control-allow-origin');
    }
    const change = await http.inject({ method: 'PUT', url: '/predict/a', headers: from(shop) });
    expect(change.statusCode).toBe(403);
    expect(change.headers).not.toHaveProperty('access-control-allow-origin');
    const look = await http.inject({ url: '/look', headers: from(shop) });
    expect(look.headers).not.toHaveProperty('access-control-allow-origin');
    const asked = await http.inject({ ...preflight(shop), url: '/look' });
    expect(asked.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('of every origin may predict with *, never with cookies', async () => {
    const http = await serve(['*']);
    const asked = await http.inject({ ...preflight(shop), url: '/predict/a' });
    expect(asked.headers['access-control-allow-origin']).toBe('*');
    const reply = await http.inject({ method: 'POST', url: '/predict/a', headers: from(shop) });
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['access-control-allow-origin']).toBe('*');
    expect(reply.headers).not.toHaveProperty('access-control-allow-credentials');
    expect((await http.inject({ method: 'PUT', url: '/predict/a', headers: from(shop) })).statusCode).toBe(
      403,
    );
  });

  test('are told nothing where none is configured', async () => {
    const http = await serve([]);
    const asked = await http.inject({ ...preflight(shop), url: '/predict/a' });
    expect(asked.statusCode).toBe(403);
    const reply = await http.inject({ method: 'POST', url: '/predict/a', headers: from(shop) });
    expect(reply.statusCode).toBe(403);
    expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
  });
});
