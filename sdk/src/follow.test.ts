import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { follow } from './follow.ts';

let server: Server | undefined;

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const event = (id: number, subject = 's') =>
  `id: ${id}\ndata: ${JSON.stringify({ id, kind: 'k', subject, actor: 'a', payload: {}, createdAt: 0 })}\n\n`;

async function take(count: number, url: string, options: Parameters<typeof follow>[0] = {}) {
  const controller = new AbortController();
  const found: { id: number; subject: string }[] = [];
  for await (const { id, subject } of follow({ url, signal: controller.signal, ...options })) {
    found.push({ id, subject });
    if (found.length === count) controller.abort();
  }
  return found;
}

it('goes on after the last event seen when the connection breaks', async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (asked.length === 1) return response.write(event(7) + event(8), () => response.destroy());
    response.write(event(9));
  });
  const found = await take(3, `${url}/`, { after: 6, kinds: ['a.b', 'c.d'] });
  expect(found.map(({ id }) => id)).toEqual([7, 8, 9]);
  expect(asked).toEqual(['/api/v1/events?after=6&kinds=a.b%2Cc.d', '/api/v1/events?after=8&kinds=a.b%2Cc.d']);
});

it('reads events cut anywhere, heartbeats between them, letters of several bytes', async () => {
  const bytes = Buffer.from(`: heartbeat\n\n${event(1, 'größe 価格')}: heartbeat\n\n${event(2)}`);
  const url = await serve(async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const byte of bytes) {
      response.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
  });
  expect(await take(2, url)).toEqual([
    { id: 1, subject: 'größe 価格' },
    { id: 2, subject: 's' },
  ]);
});

it('ends with the refusal, as the server words it', async () => {
  const url = await serve((_request, response) => {
    const error = { code: 'authenticationRequired', message: 'Who are you?', details: {}, requestId: 'r' };
    response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
  });
  await expect(take(1, url)).rejects.toMatchObject({
    code: 'authenticationRequired',
    message: 'Who are you?',
    status: 401,
  });
});

it('sends the token, and ends quietly when aborted', async () => {
  const controller = new AbortController();
  let authorization: string | undefined;
  const url = await serve((request, response) => {
    authorization = request.headers.authorization;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    controller.abort();
  });
  expect(await take(1, url, { token: 't', signal: controller.signal })).toEqual([]);
  expect(authorization).toBe('Bearer t');
});
