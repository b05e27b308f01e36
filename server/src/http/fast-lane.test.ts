import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { endpoints } from '@tidemill/contract';
import fc from 'fast-check';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errors } from '../base/errors.ts';
import { createLogger } from '../base/logger.ts';
import { bind } from './bind.ts';
import { createRequestTimes } from './request-times.ts';
import { createHttp } from './server.ts';

const list = endpoints({
  ask: {
    method: 'POST',
    path: '/api/things/:name/ask',
    permission: 'invoke',
    resource: 'endpoint:{name}',
    isHot: true,
    summary: 'Asks',
    headers: { key: 'idempotency-key' },
    params: Type.Object({ name: Type.String({ pattern: '^[a-z0-9.-]+$' }) }, { additionalProperties: false }),
    body: Type.Object(
      {
        rows: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: 5 }),
        key: Type.Optional(Type.String({ maxLength: 8 })),
      },
      { additionalProperties: false },
    ),
    reply: Type.Object({ name: Type.String(), rows: Type.Array(Type.Unknown()), key: Type.String() }),
  },
});

/** A request with it is left to Fastify. */
const aside = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

describe('the fast lane', () => {
  const times = createRequestTimes();
  const seen: string[] = [];
  let http: Awaited<ReturnType<typeof createHttp>>;
  let port = 0;

  beforeAll(async () => {
    http = await createHttp({
      logger: createLogger('silent'),
      version: '1',
      allowedHosts: [],
      requestTimes: times,
      async authenticate(request) {
        seen.push(request.constructor.name);
        if (request.headers.authorization !== 'Bearer good')
          throw errors.unauthenticated({ reason: 'the request carries none' });
        return { actor: 'user:owner', role: 'admin', workspace: 'default' };
      },
      async assertReach(_request, permission, resources) {
        if (resources()?.[0] === 'endpoint:closed')
          throw errors.permissionDenied({ actor: 'user:owner', permission, where: 'here' });
      },
    });
    bind(http, 'test', list, {
      ask({ name, rows, key = '' }) {
        if (name === 'missing') throw errors.endpointNotFound({ name });
        if (name === 'broken') throw new Error('a fault of ours');
        if (name === 'busy')
          throw errors.tokenRateExceeded({ actor: 'user:owner', retryAfterSeconds: 7 } as never);
        return { name, rows, key };
      },
    });
    await http.listen({ host: '127.0.0.1', port: 0 });
    port = (http.server.address() as AddressInfo).port;
  });
  afterAll(() => http.close());

  async function send(path: string, body: string, headers: Record<string, string>) {
    seen.length = 0;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer good', ...headers },
      body,
    });
    const text = (await response.text()).replace(/"requestId":"[^"]*"/g, '"requestId":"…"');
    const shown = ['content-type', 'www-authenticate', 'retry-after', 'vary'].map((name) => [
      name,
      response.headers.get(name),
    ]);
    return { status: response.status, text: text.replace(/[0-9a-f-]{36}/, 'an id'), headers: shown };
  }

  async function sendBoth(path: string, body: string, headers: Record<string, string> = {}) {
    const quick = await send(path, body, headers);
    const isQuick = seen.includes('LaneRequest');
    const usual = await send(path, body, { ...headers, ...aside });
    expect(seen).not.toContain('LaneRequest');
    return { quick, usual, isQuick };
  }

  it.each([
    ['an answer', 'a', '{"rows":[{"x":1,"y":"é"}]}', {}, 200],
    ['a header that is a field', 'a', '{"rows":[{}]}', { 'idempotency-key': 'k' }, 200],
    ['a header too long', 'a', '{"rows":[{}]}', { 'idempotency-key': 'much too long' }, 400],
    ['no JSON', 'a', '{bad', {}, 400],
    ['a field too many', 'a', '{"rows":[{}],"more":1}', {}, 400],
    ['no rows', 'a', '{"rows":[]}', {}, 400],
    ['a prototype', 'a', '{"rows":[{"__proto__":{"x":1}}]}', {}, 400],
    ['an escaped prototype', 'a', '{"rows":[{"\\u005f_proto__":{"x":1}}]}', {}, 400],
    ['a constructor', 'a', '{"rows":[{"constructor":{"prototype":{"x":1}}}]}', {}, 400],
    ['a NUL', 'a', '{"rows":[{"x":"\\u0000"}]}', {}, 400],
    ['half a pair', 'a', '{"rows":[{"x":"\\ud800"}]}', {}, 400],
    ['a name that is none', 'A_b', '{"rows":[{}]}', {}, 400],
    ['nobody', 'a', '{"rows":[{}]}', { authorization: 'Bearer bad' }, 401],
    ['no right', 'closed', '{"rows":[{}]}', {}, 403],
    ['nothing there', 'missing', '{"rows":[{}]}', {}, 404],
    ['too often', 'busy', '{"rows":[{}]}', {}, 429],
    ['a fault of ours', 'broken', '{"rows":[{}]}', {}, 500],
  ] as const)('says the same as Fastify to %s', async (_what, name, body, headers, status) => {
    const { quick, usual, isQuick } = await sendBoth(`/api/things/${name}/ask`, body, { ...headers });
    expect(isQuick).toBe(true);
    expect(quick).toEqual(usual);
    expect(quick.status).toBe(status);
  });

  it('says the same as Fastify to any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        const { quick, usual, isQuick } = await sendBoth('/api/things/a/ask', `{"rows":[{"x":${text}}]}`);
        expect(isQuick).toBe(true);
        expect(quick).toEqual(usual);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['a page', { origin: 'http://127.0.0.1' }],
    ['a session', { cookie: 'a=b' }],
    ['a proxy', { 'x-forwarded-for': '10.0.0.1' }],
    ['a type of its own', { 'content-type': 'application/json;charset=latin1' }],
  ])('leaves %s to Fastify', async (_what, headers) => {
    await send('/api/things/a/ask', '{"rows":[{}]}', headers);
    expect(seen).toEqual(['_Request']);
  });

  it.each(['/api/things/a/ask?x=1', '/api/things/a%2Fb/ask', '/api/things//ask', '/api/things/a/b/ask'])(
    'leaves the address %s to Fastify',
    async (path) => {
      await send(path, '{"rows":[{}]}', {});
      expect(seen).not.toContain('LaneRequest');
    },
  );

  it('leaves a large body to Fastify', async () => {
    const { status } = await send(
      '/api/things/a/ask',
      JSON.stringify({ rows: [{ x: 'x'.repeat(70_000) }] }),
      {},
    );
    expect([status, seen]).toEqual([200, ['_Request']]);
  });

  it('answers bodies that come in pieces, one after the other on one connection', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const head =
      'POST /api/things/a/ask HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n';
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.write(`${head}{"rows"`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write(`:[{}]}${head}{"rows":[{}]}`);
    await expect.poll(() => text.match(/"rows":\[\{\}\]/g)?.length).toBe(2);
    socket.destroy();
  });

  it('survives a client that leaves in the middle', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /api/things/a/ask HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"rows"',
    );
    socket.destroy();
    const { status } = await send('/api/things/a/ask', '{"rows":[{}]}', {});
    expect(status).toBe(200);
  });

  it('counts what it answers, by its route', async () => {
    const [family] = times.families();
    const collected = (family?.collect() ?? []) as readonly { labels?: Record<string, unknown> }[];
    expect(collected.map(({ labels }) => labels?.http_route)).toContain('/api/things/:name/ask');
    const [active] = (times.families()[1]?.collect() ?? []) as readonly { value: number }[];
    expect(active?.value).toBe(0);
  });
});
