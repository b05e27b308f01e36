import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { endpoints } from '@tidemill/contract';
import { Type } from 'typebox';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../base/logger.ts';
import { bind } from './bind.ts';
import { addDrain } from './drain.ts';
import { createHttp } from './server.ts';

const list = endpoints({
  ask: {
    method: 'POST',
    path: '/api/things/:name/ask',
    permission: 'invoke',
    isHot: true,
    summary: 'Asks',
    params: Type.Object({ name: Type.String() }),
    body: Type.Object({}),
    reply: Type.Object({ ok: Type.Boolean() }),
  },
  events: { method: 'GET', path: '/api/events', permission: 'read', summary: 'Tells', download: true },
});

async function* endless() {
  yield Buffer.from(': here\n\n');
  await pause(60_000, null, { ref: false });
}

async function serve(answerMs: number) {
  let underWay = 0;
  const http = await createHttp({
    logger: createLogger('silent'),
    version: '1',
    allowedHosts: [],
    authenticate: async () => ({ actor: 'user:owner', role: 'admin', workspace: 'default' }),
    assertReach: async () => {},
  });
  bind(http, 'test', list, {
    async ask() {
      underWay++;
      await pause(answerMs);
      underWay--;
      return { ok: true };
    },
    events: () => ({ mediaType: 'text/event-stream', content: endless() }),
  });
  const drain = addDrain(http);
  await http.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => http.close());
  const { port } = http.server.address() as AddressInfo;
  const ask = (headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}/api/things/a/ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
  return { http, drain, ask, url: `http://127.0.0.1:${port}`, underWay: () => underWay };
}

// With the second header a request passes through Fastify.
test.each<Record<string, string>>([{}, { traceparent: 'none' }])(
  'what is under way is answered, and nobody new let in (%j)',
  async (headers) => {
    const { http, drain, ask, underWay } = await serve(150);
    const replies = Array.from({ length: 8 }, () => ask(headers));
    await expect.poll(underWay).toBe(8);
    const drained = drain();
    await expect(ask(headers)).rejects.toThrow();
    await drained;
    await http.close();
    for (const reply of await Promise.all(replies))
      expect([reply.status, await reply.json()]).toEqual([200, { ok: true }]);
  },
);

test('a stream of events holds nobody up', async () => {
  const { drain, url } = await serve(0);
  const reply = await fetch(`${url}/api/events`);
  expect(reply.headers.get('content-type')).toBe('text/event-stream');
  const started = performance.now();
  await drain(20_000);
  expect(performance.now() - started).toBeLessThan(5000);
});

test('a request that does not end holds nobody up for ever', async () => {
  const { drain, ask, underWay } = await serve(60_000);
  const reply = ask().catch(() => 'cut off');
  await expect.poll(underWay).toBe(1);
  const started = performance.now();
  await drain(100);
  expect(performance.now() - started).toBeLessThan(5000);
  void reply;
});
