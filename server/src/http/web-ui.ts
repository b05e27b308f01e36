import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const missing =
  '<!doctype html><meta charset="utf-8"><title>Tidemill</title><p>The web UI is not built. Run <code>npm run build</code> in the clone; the HTTP interface is at <a href="/docs">/docs</a>.</p>';

const contentPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'";

/** Serves the built UI under /ui; unknown paths there are screens of the single page. */
export async function addWebUi(http: FastifyInstance, folder: string | null): Promise<void> {
  const open = { config: { permission: 'public' as const }, schema: { hide: true } };
  if (!folder || !existsSync(folder)) {
    http.get('/ui/*', open, async (_request, reply) => reply.type('text/html').send(missing));
    return;
  }
  await http.register(fastifyStatic, {
    root: folder,
    prefix: '/ui/',
    wildcard: false,
    schemaHide: true,
    index: 'index.html',
    // What is under assets carries the hash of its content in its name.
    setHeaders: (reply, path) => {
      reply.header('x-content-type-options', 'nosniff');
      if (path.endsWith('.html')) reply.header('content-security-policy', contentPolicy);
      if (path.includes('/assets/')) reply.header('cache-control', 'public, max-age=31536000, immutable');
    },
  });
  http.get('/ui/*', open, async (_request, reply) => reply.sendFile('index.html', folder, { maxAge: 0 }));
}
