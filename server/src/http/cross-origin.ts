/**
 * Pages of other origins may call what needs the permission `invoke` and nothing else: predictions, and what really happened.
 * A page identifies itself by a token in `Authorization`; cookies are never allowed along, so no header says they are.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';

/** How long a browser remembers the answer of a preflight. */
const preflightSeconds = 600;

const requestHeaders = [
  ...['authorization', 'content-type', 'idempotency-key', 'inference-header-content-length'],
  ...['traceparent', 'tracestate', 'x-request-id'],
].join(', ');
const replyHeaders = 'retry-after, inference-header-content-length';

export interface CrossOrigin {
  /** Whether the request comes from a page that may call this route. */
  isAllowed(request: FastifyRequest): boolean;
  /** Of every reply of such a route, to whoever asks. */
  readonly headers: Readonly<Record<string, string>>;
}

/** @param origins `https://shop.example`, or `*` for every page there is */
export function addCrossOrigin(http: FastifyInstance, origins: readonly string[]): CrossOrigin {
  const allowed = new Set(origins);
  const isAllowed = ({ headers, routeOptions }: FastifyRequest): boolean =>
    routeOptions.config?.permission === 'invoke' || routeOptions.config?.isPreflight === true
      ? allowed.has('*') || allowed.has(headers.origin ?? '')
      : false;
  if (allowed.size === 0) return { isAllowed: () => false, headers: {} };

  const header = (request: FastifyRequest, reply: FastifyReply): void => {
    if (!allowed.has('*')) reply.header('vary', 'origin');
    if (request.headers.origin === undefined || !isAllowed(request)) return;
    reply.header('access-control-allow-origin', allowed.has('*') ? '*' : request.headers.origin);
  };
  http.addHook('onRequest', (request, reply, done) => {
    const isDoor = request.routeOptions.config?.permission === 'invoke';
    if (isDoor) {
      header(request, reply);
      if (isAllowed(request)) reply.header('access-control-expose-headers', replyHeaders);
    }
    done();
  });

  const methods = new Map<string, Set<string>>();
  http.addHook('onRoute', function (this: FastifyInstance, route: RouteOptions) {
    if (route.config?.permission !== 'invoke') return;
    const known = methods.get(route.url) ?? new Set();
    for (const method of [route.method].flat()) known.add(method);
    if (methods.has(route.url)) return;
    methods.set(route.url, known);
    // Within a scope the prefix is added once more.
    const url = route.url.slice(this.prefix.length);
    this.options(url, {
      config: { permission: 'public', isPreflight: true },
      schema: { hide: true },
      handler: async (request, reply) => {
        header(request, reply);
        if (isAllowed(request))
          reply
            .header('access-control-allow-methods', [...known].join(', '))
            .header('access-control-allow-headers', requestHeaders)
            .header('access-control-max-age', preflightSeconds);
        return reply.status(204).send();
      },
    });
  });
  return { isAllowed, headers: allowed.has('*') ? {} : { vary: 'origin' } };
}
