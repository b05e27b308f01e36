import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const missing =
  '<!doctype html><meta charset="utf-8"><title>Tidemill</title><p>The web UI is not built. Run <code>npm run build</code> in the clone; the HTTP interface is at <a href="/docs">/docs</a>.</p>';

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
  });
  http.get('/ui/*', open, async (_request, reply) =>
    reply
      .header(
        'content-security-policy',
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'",
      )
      .header('x-content-type-options', 'nosniff')
      .sendFile('index.html', folder, { maxAge: 0 }),
  );
}
