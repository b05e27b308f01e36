import type { FastifyInstance } from 'fastify';

export interface StandardOptions {
  readonly version: string;
  readonly isReady: () => boolean;
  /** The text of a scrape by Prometheus. */
  readonly metrics: () => Promise<{ body: string; contentType: string }>;
}

/** What load balancers, clients and people look for on any server. */
export function addStandardRoutes(http: FastifyInstance, options: StandardOptions): void {
  const open = { config: { permission: 'public' as const }, schema: { hide: true } };
  const text = (path: string, body: () => string) =>
    http.get(path, open, async (_request, reply) => reply.type('text/plain').send(body()));
  text('/health', () => 'OK');
  text('/livez', () => 'OK');
  text('/version', () => options.version);
  http.get('/readyz', open, async (_request, reply) =>
    reply
      .status(options.isReady() ? 200 : 503)
      .type('text/plain')
      .send(options.isReady() ? 'OK' : 'starting'),
  );
  // Names of endpoints and models stand in it: whoever may read may scrape.
  const forReaders = { config: { permission: 'read' as const }, schema: { hide: true } };
  http.get('/metrics', forReaders, async (_request, reply) => {
    const { body, contentType } = await options.metrics();
    return reply.header('content-type', contentType).send(body);
  });
  http.get('/openapi.json', open, async () => http.swagger());
  http.get('/docs', open, async (_request, reply) => reply.type('text/html').send(docsPage(http.swagger())));
  http.get('/', open, async (_request, reply) => reply.redirect('/ui/'));
}

type Operations = Record<string, Record<string, { summary?: string; operationId?: string; tags?: string[] }>>;

/** A plain list of every endpoint; the machine-readable form is /openapi.json. */
function docsPage(document: object): string {
  const paths = (document as { paths?: Operations }).paths ?? {};
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) =>
        `<tr><td>${escapeHtml(operation.operationId ?? '')}</td><td>${method.toUpperCase()}</td><td><code>${escapeHtml(path)}</code></td><td>${escapeHtml(operation.summary ?? '')}</td></tr>`,
    ),
  );
  return `<!doctype html><meta charset="utf-8"><title>Tidemill: HTTP interface</title><style>body{font:14px system-ui;margin:2rem}td{padding:.2rem .8rem .2rem 0;vertical-align:top}</style><h1>HTTP interface</h1><p>Schemas: <a href="/openapi.json">/openapi.json</a></p><table>${rows.join('')}</table>`;
}

const escapeHtml = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);
