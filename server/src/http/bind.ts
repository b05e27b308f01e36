import { Readable } from 'node:stream';
import type { Download, Endpoint, Endpoints, Input, Permission, Reply } from '@tidemill/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TObject } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import type { Caller } from '../base/caller.ts';
import { errors } from '../base/errors.ts';
import { findOddText } from './odd-text.ts';
import { type Patience, patienceOf } from './patience.ts';
import { fillTemplate } from './resource-template.ts';
import { sendDownload } from './send-download.ts';

/**
 * One function per endpoint of a contract list; a missing or an extra one is a type error.
 * Only one that declares `signal` last is watched for a client that goes away: the others need not pay for it.
 */
export type Handlers<L extends Endpoints> = {
  readonly [N in keyof L]: (
    input: Input<L[N]>,
    caller: Caller,
    signal: AbortSignal,
    exchange: Exchange,
  ) => Promise<Reply<L[N]>> | Reply<L[N]>;
};

/** What a login needs of its request and reply; of an endpoint that is public there is no caller. */
export interface Exchange {
  readonly address: string;
  readonly agent: string;
  /** Whether the browser speaks TLS, to this server or to a proxy before it. */
  readonly isSecure: boolean;
  setCookie(text: string): void;
  /** How long the caller waits. @throws requestInvalid */
  patience(): Patience;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether whoever a request is from may still make it; false only where that was decided. */
    isStillAllowed(request: FastifyRequest): Promise<boolean>;
  }
  interface FastifyRequest {
    caller: Caller;
    /** Whether the body's text holds what `findOddText` looks for, or seems to. */
    mayHoldOddText: boolean;
  }
  interface FastifyContextConfig {
    permission?: Permission;
    /** What a call is about, as uris; see `Endpoint.resource`. */
    resources?: (request: FastifyRequest) => readonly string[];
    /** Whether a job's token may change through it what is the job's own. */
    byJobs?: boolean;
    /** Whether the endpoint `:name` may refuse it before its body is read. */
    admission?: boolean;
    /** Answers a browser that asks, before a page's request, whether the page may make it. */
    isPreflight?: boolean;
  }
}

/** Serves each endpoint of the list by its handler: parse, authorise (by the auth hook), call, reply. */
export function bind<L extends Endpoints>(
  http: FastifyInstance,
  domain: string,
  list: L,
  handlers: Handlers<L>,
): void {
  const entries = Object.entries(list) as [keyof L & string, Endpoint][];
  const add = (scope: FastifyInstance) => (entry: [keyof L & string, Endpoint]) =>
    addRoute(scope, domain, entry, handlers);
  entries.filter(([, endpoint]) => !endpoint.upload).forEach(add(http));
  // An upload is a stream whatever its media type says; here nothing parses JSON first.
  http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    entries.filter(([, endpoint]) => endpoint.upload).forEach(add(scope));
  });
}

function addRoute<L extends Endpoints>(
  scope: FastifyInstance,
  domain: string,
  [name, endpoint]: [keyof L & string, Endpoint],
  handlers: Handlers<L>,
): void {
  const handle = handlers[name] as (...words: [unknown, Caller, AbortSignal, Exchange?]) => unknown;
  const read = createReader(endpoint);
  const controllerOf = handle.length === 3 ? abortOnClose : () => never;
  const exchangeOf = handle.length > 3 ? toExchange : () => undefined;
  const route = {
    url: routePath(endpoint),
    config: {
      permission: endpoint.permission,
      ...resourcesOf(endpoint),
      byJobs: endpoint.byJobs ?? false,
      admission: endpoint.admission ?? false,
    },
    exposeHeadRoute: !endpoint.download,
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const ending = controllerOf(reply);
      const result = await handle(read(request), request.caller, ending.signal, exchangeOf(request, reply));
      if (endpoint.download) {
        if ((result as Download).mediaType === 'text/event-stream') endWhenBarred(request, reply, ending);
        // Some choose the form of the file by what the client accepts.
        return sendDownload(request, reply.header('vary', 'accept'), result as Download);
      }
      return reply.status(endpoint.status ?? 200).send(result);
    },
  };
  scope.route({ ...route, method: endpoint.method, schema: describe(domain, name, endpoint) });
  if (endpoint.isHot) scope.fastLane?.add(route);
  // Fastify's own would read a download to its end to throw it away.
  if (endpoint.download && endpoint.method === 'GET')
    scope.route({ ...route, method: 'HEAD', schema: { hide: true } });
}

const toExchange = (request: FastifyRequest, reply: FastifyReply): Exchange => ({
  address: request.ip,
  agent: request.headers['user-agent'] ?? '',
  isSecure:
    request.protocol === 'https' ||
    request.headers['x-forwarded-proto'] === 'https' ||
    (request.headers.origin ?? '').startsWith('https:'),
  setCookie: (text) => void reply.header('set-cookie', text),
  patience: () => patienceOf(request),
});

function resourcesOf({ resource }: Endpoint) {
  if (resource === undefined) return {};
  const templates = [resource].flat();
  return {
    resources: ({ params, body }: FastifyRequest) =>
      templates.map((template) => fillTemplate(template, [params, body])),
  };
}

/**
 * A parameter behind another one and a dot takes only the words of its list: `versions/4.parquet` is a file, and
 * `versions/2023.08` a version whose tag has a dot.
 */
export const routePath = ({ path, params }: Endpoint): string =>
  path.replace(/(:\w+\.):(\w+)/, (_match, before: string, name: string) => {
    const parameter = params?.properties[name] as { readonly enum: readonly string[] };
    return `${before}:${name}(${parameter.enum.join('|')})`;
  });

/** The schemas validate in `createReader` and describe OpenAPI; only the reply's drives Fastify's serialiser. */
function describe(domain: string, name: string, endpoint: Endpoint) {
  return {
    operationId: `${domain}.${name}`,
    tags: [domain],
    summary: endpoint.summary,
    ...(endpoint.params && { params: endpoint.params }),
    ...(endpoint.query && { querystring: endpoint.query }),
    ...(endpoint.body && { body: endpoint.body }),
    ...(endpoint.reply && { response: { [endpoint.status ?? 200]: endpoint.reply } }),
  };
}

type Read = (request: FastifyRequest) => Record<string, unknown>;

function createReader(endpoint: Endpoint): Read {
  const params = endpoint.params && createCheck('path', endpoint.params, true);
  const query = endpoint.query && createCheck('query', endpoint.query, true);
  const body = endpoint.body && createCheck('body', endpoint.body, false);
  const headers = Object.entries(endpoint.headers ?? {});
  return (request) => {
    if (request.url.includes('%00')) refuseOddText('address', [request.params, request.query]);
    if (request.mayHoldOddText) refuseOddText('body', request.body);
    return readParts(request);
  };

  function readParts(request: FastifyRequest): Record<string, unknown> {
    return {
      ...params?.(request.params),
      ...query?.(request.query),
      ...body?.(headers.length === 0 ? (request.body ?? {}) : withHeaders(request, headers)),
      ...(endpoint.upload && {
        content: request.body ?? Readable.from([]),
        mediaType: request.headers['content-type'],
      }),
      ...(endpoint.download && { accept: request.headers.accept }),
    };
  }
}

/** What stands in the header counts, also where the body says it too. */
function withHeaders({ body, headers }: FastifyRequest, fields: [string, string][]): unknown {
  const sent = fields.filter(([, header]) => typeof headers[header] === 'string');
  if (sent.length === 0 || typeof body !== 'object' || Array.isArray(body)) return body ?? {};
  return { ...body, ...Object.fromEntries(sent.map(([field, header]) => [field, headers[header]])) };
}

function refuseOddText(where: string, value: unknown): void {
  const problems = findOddText(value);
  if (problems) throw errors.requestInvalid({ where, problems });
}

/** Text parts (path, query) are converted to the declared types; a body must already have them. */
function createCheck(
  where: string,
  schema: TObject,
  convert: boolean,
): (value: unknown) => Record<string, unknown> {
  // Compiled at the first request: a start would pay for all of them, and most processes meet only some.
  let compiled: ReturnType<typeof Compile> | undefined;
  const converts = convert && !isAllText(schema);
  return (value) => {
    compiled ??= Compile(schema);
    const candidate = converts ? Value.Convert(schema, value) : value;
    if (compiled.Check(candidate)) return candidate as Record<string, unknown>;
    throw errors.requestInvalid({ where, problems: problemsOf(compiled.Errors(candidate), schema) });
  };
}

/** Then a path is right as it comes: most are a name, and converting it costs more than checking it. */
const isAllText = (schema: TObject): boolean =>
  Object.values(schema.properties).every((property) => 'type' in property && property.type === 'string');

function problemsOf(
  found: Iterable<{ keyword: string; instancePath: string; message: string; params: object }>,
  schema: TObject,
): string {
  const texts = [...found]
    .filter((problem) => problem.keyword !== 'boolean')
    .slice(0, 5)
    .map(({ instancePath, message, params }) => {
      const inWords = 'pattern' in params ? describePattern(schema, params.pattern) : undefined;
      return `${instancePath || '/'} ${inWords ? `does not fit '${inWords}'` : message}${namesOf(params)}`;
    });
  return texts.join('; ') || 'it has the wrong shape';
}

/** What the contract says of the text that this pattern is of: few read regular expressions. */
function describePattern(schema: object, pattern: unknown): string | undefined {
  if ('pattern' in schema && schema.pattern === pattern)
    return 'description' in schema ? String(schema.description) : undefined;
  for (const part of Object.values(schema)) {
    const found = typeof part === 'object' && part !== null ? describePattern(part, pattern) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** `must not have additional properties` alone would not say which. */
function namesOf(params: object): string {
  const named = Object.values(params)
    .flat()
    .filter((value) => typeof value === 'string');
  return named.length > 0 ? ` (${named.join(', ')})` : '';
}

const never = new AbortController();

/** Fires when the client goes away before it has the whole reply. */
function abortOnClose(reply: FastifyReply): AbortController {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller;
}

const barredCheckMs = 2_000;

/** A stream outlives what let it begin: a user who was disabled, a token that was revoked, a role that was taken. */
function endWhenBarred(request: FastifyRequest, reply: FastifyReply, ending: AbortController): void {
  let isAsking = false;
  const timer = setInterval(async () => {
    if (isAsking) return;
    isAsking = true;
    // What fails says nothing of the caller: it is asked again.
    const isAllowed = await request.server.isStillAllowed(request).catch(() => true);
    isAsking = false;
    if (!isAllowed) ending.abort();
  }, barredCheckMs);
  timer.unref();
  reply.raw.once('close', () => clearInterval(timer));
}
