import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { watchRun } from './watch-run.ts';

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

const frame = (status: string, isLast = false) => `data: ${JSON.stringify({ status, isLast })}\n\n`;

it('comes back after a lost connection, and stops after the last update', async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (asked.length === 1) return response.write(frame('RUNNING'), () => response.destroy());
    response.write(`: connected\n\n${frame('RUNNING')}${frame('FINISHED', true)}${frame('never')}`);
  });
  const found: string[] = [];
  for await (const { status } of watchRun('a b', { url })) found.push(status);
  expect(found).toEqual(['RUNNING', 'RUNNING', 'FINISHED']);
  expect(asked).toEqual(['/api/v1/runs/a%20b/live', '/api/v1/runs/a%20b/live']);
});

it('a refusal is told, not asked again', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code: 'runNotFound', message: 'There is no run', details: {} } }));
  });
  const updates = watchRun('x', { url });
  await expect(updates.next()).rejects.toMatchObject({ code: 'runNotFound', status: 404 });
});
