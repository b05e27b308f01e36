import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers with the statuses in turn, the last one for ever; 0 never answers. Gone when the test ends. */
export async function openReceiver(...statuses: number[]) {
  const received: Received[] = [];
  const left = [...statuses];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    received.push({ headers: request.headers, body });
    const status = left.length > 1 ? left.shift() : left[0];
    if (status) response.writeHead(status).end('the answer');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=hidden`;
  return {
    url,
    received,
    heard: () => received.map(({ body }) => JSON.parse(body)),
    answerWith: (status: number) => left.splice(0, left.length, status),
  };
}
