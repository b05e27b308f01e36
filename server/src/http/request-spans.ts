/** A span for each request, within the caller's trace where it brings one (`traceparent`, W3C Trace Context). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseTraceparent, type SpanContext, type Tracer, toEpoch } from '../base/tracing.ts';

/** What looks in every few seconds says nothing by a trace. */
const untraced = new Set(['/health', '/livez', '/readyz', '/version', '/metrics']);

interface Begun {
  readonly context: SpanContext;
  readonly parentSpanId: string | null;
  readonly startedAt: number;
}

/** Register it before the hooks whose work belongs to the span. */
export function traceRequests(http: FastifyInstance, tracer: Tracer): void {
  const begun = new WeakMap<FastifyRequest, Begun>();
  http.addHook('onRequest', (request, _reply, next) => {
    if (untraced.has(request.routeOptions.url ?? '')) return next();
    const header = request.headers.traceparent;
    const parent = parseTraceparent(typeof header === 'string' ? header : undefined);
    const context = tracer.contextIn(parent);
    begun.set(request, {
      context,
      parentSpanId: parent?.spanId ?? null,
      startedAt: toEpoch(performance.now()),
    });
    tracer.within(context, next);
  });
  http.addHook('onResponse', (request, reply, next) => {
    const span = begun.get(request);
    if (span) {
      const route = request.is404 ? null : (request.routeOptions.url ?? null);
      const status = reply.statusCode;
      tracer.add({
        ...span,
        name: route === null ? request.method : `${request.method} ${route}`,
        kind: 'server',
        endedAt: toEpoch(performance.now()),
        attributes: {
          'http.request.method': request.method,
          'http.route': route,
          'http.response.status_code': status,
          'url.path': request.url.split('?')[0] ?? '',
          'url.scheme': request.protocol,
          'server.address': request.hostname,
          'user_agent.original': request.headers['user-agent'] ?? null,
          'error.type': status >= 500 ? String(status) : null,
        },
        error: status >= 500 ? `it answered ${status}` : null,
      });
    }
    next();
  });
}
