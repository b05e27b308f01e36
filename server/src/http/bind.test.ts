import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { endpoints } from '@tidemill/contract';
import { pino } from 'pino';
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { createLogger } from '../base/logger.ts';
import { bind } from './bind.ts';
import { createHttp } from './server.ts';

const list = endpoints({
  watch: { method: 'GET', path: '/watch', permission: 'read', summary: 'Waits until nobody listens' },
  count: {
    method: 'GET',
    path: '/count/:name/:number',
    permission: 'read',
    summary: 'Counts',
    params: Type.Object({ name: Type.String(), number: Type.Integer() }),
    reply: Type.Object({ name: Type.String(), next: Type.Integer() }),
  },
  greet: {
    method: 'POST',
    path: '/greet',
    permission: 'read',
    summary: 'Greets',
    body: Type.Object({ people: Type.Array(Type.String({ pattern: '^[a-z]+$', description: 'a to z' })) }),
    reply: Type.Object({}),
  },
  order: {
    method: 'POST',
    path: '/order',
    permission: 'read',
    summary: 'Orders',
    headers: { key: 'idempotency-key' },
    body: Type.Object({ key: Type.Optional(Type.String({ maxLength: 5 })) }),
    reply: Type.Object({ key: Type.Optional(Type.String()) }),
  },
});

async function serve(onSignal: (signal: AbortSignal) => void, logger = createLogger('silent')) {
  const http = await createHttp({
    logger,
    version: '1',
    allowedHosts: [],
    authenticate: async () => ({ actor: 'user:owner', role: 'admin', workspace: 'default' }),
    assertReach: async () => {},
  });
  bind(http, 'test', list, {
    watch: (_input, _caller, signal) => {
      onSignal(signal);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    count: ({ name, number }) => ({ name, next: number + 1 }),
    greet: () => ({}),
    order: ({ key }) => ({ ...(key !== undefined && { key }) }),
  });
  return http;
}

test('a handler that takes the signal learns that its client went away', async () => {
  let tell: (signal: AbortSignal) => void = () => {};
  const called = new Promise<AbortSignal>((resolve) => {
    tell = resolve;
  });
  const lines: string[] = [];
  const written = new EventEmitter();
  const logger = pino({ level: 'info' }, { write: (line) => written.emit('line', lines.push(line)) });
  const http = await serve((signal) => tell(signal), logger);
  await http.listen({ host: '127.0.0.1', port: 0 });
  const client = connect((http.server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET /watch HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const signal = await called;
  expect(signal.aborted).toBe(false);
  client.destroy();
  if (!signal.aborted) await once(signal, 'abort');
  while (!lines.some((line) => line.includes('the client left'))) await once(written, 'line');
  expect(lines.filter((line) => JSON.parse(line).level >= 40)).toEqual([]);
  await http.close();
});

test('path parts are converted where the schema says so, and only there', async () => {
  const http = await serve(() => {});
  expect((await http.inject('/count/7/41')).json()).toEqual({ name: '7', next: 42 });
  expect((await http.inject('/count/7/x')).json().error.code).toBe('requestInvalid');
  await http.close();
});

test('what a text must look like is said in words, beside the pattern', async () => {
  const http = await serve(() => {});
  const reply = await http.inject({
    method: 'POST',
    url: '/greet',
    headers: { host: 'localhost' },
    payload: { people: ['ada', '../x'] },
  });
  expect(reply.json().error).toMatchObject({
    code: 'requestInvalid',
    message: expect.stringContaining("/people/1 does not fit 'a to z' (^[a-z]+$)"),
  });
  await http.close();
});

test('a field that may come as a header comes from there, is checked like any other, and wins over the body', async () => {
  const http = await serve(() => {});
  const order = (payload: object, key?: string) =>
    http.inject({
      ...{ method: 'POST', url: '/order', payload },
      headers: { host: 'localhost', ...(key !== undefined && { 'idempotency-key': key }) },
    });
  expect((await order({}, 'a')).json()).toEqual({ key: 'a' });
  expect((await order({ key: 'b' })).json()).toEqual({ key: 'b' });
  expect((await order({ key: 'b' }, 'a')).json()).toEqual({ key: 'a' });
  expect((await order({}, 'too long')).json().error.code).toBe('requestInvalid');
  expect((await order([], 'a')).statusCode).toBe(400);
});
