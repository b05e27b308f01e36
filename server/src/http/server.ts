import { randomUUID } from 'node:crypto';
import { type SerializerFactory, SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import swagger from '@fastify/swagger';
import type { Permission } from '@tidemill/contract';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Caller } from '../base/caller.ts';
import { errors } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Tracer } from '../base/tracing.ts';
import { addCrossOrigin } from './cross-origin.ts';
import { replyWithError } from './error-reply.ts';
import { addFastLane, type FastLane } from './fast-lane.ts';
import { hostGuard } from './host-guard.ts';
import { mayHoldOddText } from './odd-text.ts';
import { traceRequests } from './request-spans.ts';
import type { RequestTimes } from './request-times.ts';

export interface Route {
  readonly method: string;
  /** With its parameters, as `/api/v1/models/:name`. */
  readonly path: string;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route there is, also of the scopes below: what may be called can be counted. */
    readonly allRoutes: readonly Route[];
    /** Null where requests are traced: spans are Fastify's hooks. */
    readonly fastLane: FastLane | null;
  }
}

export interface HttpOptions {
  readonly logger: Logger;
  readonly version: string;
  /** Names under which this server may be addressed, against DNS rebinding. */
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may call the inference doors; none by default. */
  readonly corsOrigins?: readonly string[];
  /** Proxies, by address or network, whose `X-Forwarded-For` says where a request is from; nobody else's is believed. */
  readonly trustedProxies?: readonly string[];
  /** Asked now and then while a stream is open: whether its caller may still have it. */
  readonly isStillAllowed?: (request: FastifyRequest, permission: Permission) => Promise<boolean>;
  readonly requestTimes?: RequestTimes;
  /** Null or absent: nothing is traced, and nothing of it costs anything. */
  readonly tracer?: Tracer | null;
  /** Says who the caller is and refuses what they may not do. */
  readonly authenticate: (request: FastifyRequest, permission: Permission) => Promise<Caller>;
  /** Refuses what a caller who has roles on single things only has no business with; null: the route does not say. */
  /** Before the body of a request to an endpoint is read. @throws endpointBusy */
  readonly assertRoom?: (request: FastifyRequest) => void;
  readonly assertReach: (
    request: FastifyRequest,
    permission: Permission,
    resources: () => readonly string[] | null,
    byJobs: boolean,
  ) => Promise<void>;
}

/** JSON bodies are small; tables and artifacts are streamed and have no limit here. */
const jsonBodyLimit = 16 * 1024 * 1024;

/** Routes that must answer before anybody can log in. */
const openPaths = new Set(['/health', '/livez', '/readyz', '/version', '/', '/openapi.json', '/docs']);

export async function createHttp(options: HttpOptions): Promise<FastifyInstance> {
  const http = fastify({
    loggerInstance: options.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: jsonBodyLimit,
    trustProxy: options.trustedProxies?.length ? [...options.trustedProxies] : false,
    // A failure names its request itself (error-reply.ts), so no request needs a logger of its own.
    childLoggerFactory: (parent) => parent,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 2000 },
    forceCloseConnections: true,
    schemaController: { compilersFactory: { buildSerializer: lazySerializers } },
  });
  http.setErrorHandler(replyWithError);
  http.setNotFoundHandler((request) => {
    throw errors.routeNotFound({ method: request.method, path: request.url.split('?')[0] ?? '' });
  });
  // Validation is done once, by http/bind.ts, with messages of our own.
  http.setValidatorCompiler(() => () => true);
  const allRoutes: Route[] = [];
  http.decorate('allRoutes', allRoutes);
  http.addHook('onRoute', ({ method, url }) => {
    allRoutes.push(...[method].flat().map((each) => ({ method: each, path: url })));
  });
  options.requestTimes?.watch(http);
  if (options.tracer) traceRequests(http, options.tracer);
  http.decorate('isStillAllowed', async (request: FastifyRequest) =>
    options.isStillAllowed ? options.isStillAllowed(request, permissionOf(request)) : true,
  );
  http.decorateRequest('caller', null as unknown as Caller);
  http.decorateRequest('mayHoldOddText', false);
  const parseJson = http.getDefaultJsonParser('error', 'error');
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    request.mayHoldOddText = mayHoldOddText(String(body));
    parseJson(request, String(body), done);
  });
  const crossOrigin = addCrossOrigin(http, options.corsOrigins ?? []);
  const guardHost = hostGuard(options.allowedHosts, crossOrigin.isAllowed);
  http.addHook('onRequest', guardHost);
  http.addHook('onRequest', async (request) => {
    const permission = permissionOf(request);
    if (permission !== 'public') request.caller = await options.authenticate(request, permission);
  });
  // Whoever is refused for want of room costs no body, no JSON and no handler.
  http.addHook('onRequest', async (request) => {
    if (request.caller && request.routeOptions.config?.admission) options.assertRoom?.(request);
  });
  // What MLflow's requests are about stands in their bodies.
  const assertReach = (request: FastifyRequest): Promise<void> => {
    const { resources, byJobs = false } = request.routeOptions.config ?? {};
    return options.assertReach(request, permissionOf(request), () => resources?.(request) ?? null, byJobs);
  };
  http.addHook('preHandler', async (request) => {
    if (request.caller) await assertReach(request);
  });
  const lane = addFastLane(http, {
    assertHost: (request) => guardHost(request, null as never, throwIfAny),
    authenticate: (request) => options.authenticate(request, permissionOf(request)),
    assertRoom: (request) => options.assertRoom?.(request),
    parse(request, text) {
      request.body = parseHarmless(text);
      if (request.body !== undefined) return;
      request.mayHoldOddText = mayHoldOddText(text);
      parseJson(request, text, (error, body) => {
        throwIfAny(error);
        request.body = body;
      });
    },
    assertReach,
    times: options.requestTimes,
    headers: crossOrigin.headers,
  });
  http.decorate('fastLane', options.tracer ? null : lane);
  await http.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Tidemill', version: options.version } },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `schema-${i}`) },
  });
  return http;
}

/** What Fastify's parser and `findOddText` look for is spelled out or escaped; undefined for them to look. */
function parseHarmless(text: string): unknown {
  if (text.includes('\\u') || text.includes('__proto__') || text.includes('constructor')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function throwIfAny(error?: Error | null): void {
  if (error) throw error;
}

/** Built at the first reply of a route: a start would pay for all of them, and most processes meet only some. */
const lazySerializers: SerializerFactory = (schemas, options) => {
  const build = SerializerSelector()(schemas, options);
  return (route) => {
    let serialize: ReturnType<typeof build> | undefined;
    return (data) => {
      serialize ??= build(route);
      return serialize(data);
    };
  };
};

/** Deny by default: a route that declares nothing needs admin. */
function permissionOf(request: FastifyRequest): Permission {
  const declared = request.routeOptions.config?.permission;
  if (declared) return declared;
  const path = request.url.split('?')[0] ?? '';
  return openPaths.has(path) || path.startsWith('/ui') || request.is404 ? 'public' : 'admin';
}
