/**
 * A lane past Fastify for routes that are asked thousands of times a second. It takes plain requests only: a small JSON body of a
 * known size, no browser, nothing in between. All others go on to Fastify, which serves the same route by the same functions,
 * so that a request is answered the same on both.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../base/caller.ts';
import { replyWithError } from './error-reply.ts';
import type { RequestTimes } from './request-times.ts';

export interface LaneRoute {
  /** With one parameter, a name: `/api/v1/endpoints/:name/predict`. Asked by POST. */
  readonly url: string;
  readonly config: FastifyContextConfig;
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
}

export interface FastLane {
  add(route: LaneRoute): void;
}

/** What each request passes, in this order; the same functions are Fastify's hooks. */
export interface LaneGates {
  readonly assertHost: (request: FastifyRequest) => void;
  readonly authenticate: (request: FastifyRequest) => Promise<Caller>;
  /** Before the body is parsed. @throws endpointBusy */
  readonly assertRoom: (request: FastifyRequest) => void;
  /** Sets the body. @throws what Fastify's parser throws */
  readonly parse: (request: FastifyRequest, text: string) => void;
  readonly assertReach: (request: FastifyRequest) => Promise<void>;
  readonly times: Pick<RequestTimes, 'begin' | 'end'> | undefined;
  /** Of every reply. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Entry extends LaneRoute {
  readonly before: string;
  readonly after: string;
  readonly parameter: string;
}

/** Larger bodies are few and take longer to read than Fastify takes. */
const mostBytes = 64 * 1024;
/** Headers of browsers, proxies, traces and odd clients. */
const unusual = [
  ...['origin', 'cookie', 'content-encoding', 'transfer-encoding', 'expect'],
  ...['x-forwarded-for', 'forwarded', 'traceparent'],
];
const plainTypes = new Set(['application/json', 'application/json; charset=utf-8']);

export function addFastLane(http: FastifyInstance, gates: LaneGates): FastLane {
  const entries: Entry[] = [];

  function find(url: string): { entry: Entry; name: string } | null {
    for (const entry of entries) {
      if (!url.startsWith(entry.before) || !url.endsWith(entry.after)) continue;
      const name = url.slice(entry.before.length, url.length - entry.after.length);
      if (/^[\w.-]+$/.test(name)) return { entry, name };
    }
    return null;
  }

  async function answer(request: LaneRequest, reply: LaneReply, entry: Entry, text: string): Promise<void> {
    const started = performance.now();
    gates.times?.begin();
    const [asked, sent] = [request as unknown as FastifyRequest, reply as unknown as FastifyReply];
    try {
      gates.assertHost(asked);
      request.caller = await gates.authenticate(asked);
      // How busy it is, is told to whoever may ask it.
      if (entry.config.admission) {
        await gates.assertReach(asked);
        gates.assertRoom(asked);
      }
      gates.parse(asked, text);
      await gates.assertReach(asked);
      await entry.handler(asked, sent);
    } catch (error) {
      replyWithError(error as Error, asked, sent);
    } finally {
      gates.times?.end('POST', entry.url, reply.statusCode, performance.now() - started);
    }
  }

  function take(message: IncomingMessage, response: ServerResponse): boolean {
    if (message.method !== 'POST') return false;
    const found = find(message.url ?? '');
    if (!found || !isPlain(message)) return false;
    const { entry, name } = found;
    const request = new LaneRequest(message, entry, { [entry.parameter]: name }, http.log);
    const reply = new LaneReply(response, gates.headers);
    const chunks: Buffer[] = [];
    // A client that leaves before its body is whole is owed nothing.
    message.on('error', () => undefined);
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const [only] = chunks;
      const bytes = only && chunks.length === 1 ? only : Buffer.concat(chunks);
      void answer(request, reply, entry, bytes.toString());
    });
    return true;
  }

  const [serve] = http.server.listeners('request') as [(m: IncomingMessage, r: ServerResponse) => void];
  http.server.removeAllListeners('request');
  http.server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    if (!take(message, response)) serve(message, response);
  });

  return {
    add(route) {
      const [, before = '', parameter = '', after = ''] = /^(.*):(\w+)([^:]*)$/.exec(route.url) ?? [];
      entries.push({ ...route, before, after, parameter });
    },
  };
}

function isPlain({ headers }: IncomingMessage): boolean {
  if (!plainTypes.has(headers['content-type'] ?? '')) return false;
  const length = Number(headers['content-length']);
  if (!(length > 0 && length <= mostBytes)) return false;
  return unusual.every((name) => headers[name] === undefined);
}

/** As much of Fastify's request as gates and handlers read. */
class LaneRequest {
  readonly method = 'POST';
  readonly protocol = 'http';
  readonly is404 = false;
  readonly query = {};
  readonly raw: IncomingMessage;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly params: Readonly<Record<string, string>>;
  readonly routeOptions: { readonly url: string; readonly config: FastifyContextConfig; bodyLimit: number };
  readonly log: FastifyInstance['log'];
  body: unknown;
  caller: Caller | null = null;
  mayHoldOddText = false;
  #id: string | undefined;

  constructor(
    raw: IncomingMessage,
    { url, config }: LaneRoute,
    params: Record<string, string>,
    log: FastifyInstance['log'],
  ) {
    this.raw = raw;
    this.url = raw.url ?? '';
    this.headers = raw.headers;
    this.params = params;
    this.routeOptions = { url, config, bodyLimit: mostBytes };
    this.log = log;
  }

  get ip(): string {
    return this.raw.socket.remoteAddress ?? '';
  }

  /** Made for whoever asks: few do. */
  get id(): string {
    this.#id ??= randomUUID();
    return this.#id;
  }
}

class LaneReply {
  readonly raw: ServerResponse;
  readonly #headers: Record<string, string | number>;
  statusCode = 200;

  constructor(raw: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.raw = raw;
    this.#headers = { ...headers };
  }

  header(name: string, value: string | number): this {
    this.#headers[name] = value;
    return this;
  }

  status(code: number): this {
    this.statusCode = code;
    return this;
  }

  send(value: unknown): this {
    const text = JSON.stringify(value);
    this.#headers['content-type'] = 'application/json; charset=utf-8';
    this.#headers['content-length'] = Buffer.byteLength(text);
    this.raw.writeHead(this.statusCode, this.#headers);
    this.raw.end(text);
    return this;
  }
}
