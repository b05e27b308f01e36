import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server whose pages a test writes while it runs: a text is served with a strong ETag. Gone when the test ends. */
export async function openFileSite(pages: Record<string, string | Answer> = {}) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const page = pages[request.url?.split('?')[0] ?? ''];
    if (page === undefined) response.writeHead(404).end('no such page');
    else if (typeof page !== 'string') page(request, response);
    else serve(page, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, pages, requests };
}

function serve(page: string, request: IncomingMessage, response: ServerResponse): void {
  const etag = `"${Buffer.from(page).toString('base64').slice(-40)}-${page.length}"`;
  if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
  else response.writeHead(200, { etag, 'content-type': 'text/csv' }).end(page);
}
