import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { basename, join } from 'node:path';
import { type Duplex, pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { errors, TidemillError } from '../../base/errors.ts';
import {
  type Destination,
  openDestination,
  pinnedTo,
  type Refusals,
  type Resolve,
  shown,
} from '../network/network.ts';
import { ContentChanged, restarted, resumed } from './resumed.ts';
import { canBeCut, formatOfMediaType, formatOfName, requiredFormat, saveContent } from './saved-file.ts';
import type { Fetched, FetchRequest, SourceLimits, SourcePolicy } from './sources.ts';

const remedy =
  'Name a public http or https address; an owner of the server allows private ones with tidemill up --allow-private-sources';

export const sourceRefusals: Refusals = {
  refused: (location, reason) => errors.sourceRefused({ location, reason, remedy }),
  unknown: (host, reason) =>
    errors.sourceUnreachable({ location: host, reason: `its name cannot be found (${reason})` }),
};

interface Sending {
  /** For the first machine alone. */
  readonly headers: Readonly<Record<string, string>>;
  /** For whomever a redirect leads to as well. */
  readonly plain: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly silenceMs: number;
}

/** One GET, its redirects followed and judged like the first address. */
export async function fetchHttp(
  request: FetchRequest & { readonly from: { readonly url: string } },
  policy: SourcePolicy,
  limits: SourceLimits,
  resolve: Resolve,
): Promise<Fetched> {
  const { from, secrets, signal } = request;
  const location = shown(from.url);
  const limit = AbortSignal.timeout(limits.totalMs);
  const both = AbortSignal.any([limit, signal]);
  try {
    const url = withQuery(from.url, secrets.query);
    const sending = { headers: secretHeaders(secrets), signal: both, silenceMs: limits.silenceMs };
    const ask = (plain: Sending['plain']) => follow(url, { ...sending, plain }, policy, limits, resolve);
    return await restarted(limits.restarts, async () => {
      const response = await ask(validatorHeaders(request.validator));
      if (response.statusCode === 304) {
        response.destroy();
        return { unchanged: true };
      }
      assertTaken(response, location);
      const bounds = { ...limits, maxBytes: policy.maxBytes, signal: both };
      return save({ response, ask }, request, location, bounds);
    });
  } catch (error) {
    if (error instanceof TidemillError || signal.aborted) throw error;
    const reason = limit.aborted ? `it took longer than ${limits.totalMs / 1000} s` : reasonOf(error);
    throw errors.sourceUnreachable({ location, reason });
  }
}

async function follow(
  start: string,
  sending: Sending,
  policy: SourcePolicy,
  limits: SourceLimits,
  resolve: Resolve,
): Promise<IncomingMessage> {
  const schemes = ['http', 'https'] as const;
  let url = start;
  let { headers } = sending;
  for (let redirects = 0; ; redirects += 1) {
    const to = await openDestination(
      url,
      { schemes, allowPrivate: policy.allowPrivate },
      resolve,
      sourceRefusals,
    );
    const response = await get(to, { ...sending, headers: { ...sending.plain, ...headers } });
    const next = response.headers.location;
    if (!next || ![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) return response;
    response.destroy();
    const target = URL.parse(next, to.url.href);
    if (!target || redirects >= limits.redirects)
      throw errors.sourceRejected({
        location: shown(start),
        reason: target ? `it redirects more than ${limits.redirects} times` : 'it redirects to no address',
        remedy: 'Name the address that it leads to',
      });
    // Another machine was not given the secrets.
    if (target.origin !== to.url.origin) headers = {};
    url = target.href;
  }
}

function get(
  { url, addresses }: Destination,
  { headers, signal, silenceMs }: Omit<Sending, 'plain'>,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sending = request(
      url,
      {
        headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'tidemill', ...headers },
        agent: false,
        lookup: pinnedTo(addresses),
        maxHeaderSize: 16 * 1024,
        signal,
        timeout: silenceMs,
      },
      (response) => {
        silent = response;
        resolve(response);
      },
    );
    let silent: { destroy(error: Error): unknown } = sending;
    sending.on('timeout', () => silent.destroy(new Error(`it was silent for ${silenceMs / 1000} s`)));
    sending.on('error', reject);
    sending.end();
  });
}

interface Asked {
  readonly response: IncomingMessage;
  ask(headers: Sending['plain']): Promise<IncomingMessage>;
}

async function save(
  { response, ask }: Asked,
  request: FetchRequest,
  location: string,
  limits: SourceLimits & { maxBytes: number; signal: AbortSignal },
): Promise<Fetched> {
  const name = basename(URL.parse(location)?.pathname ?? '') || 'download';
  const told = formatOfMediaType(response.headers['content-type']);
  const format = requiredFormat(request.format ?? formatOfName(name) ?? told, location);
  const to = join(request.folder, `0-${name.slice(-100)}`);
  const again = canGoOn(response) ? (from: number) => goOn({ response, ask }, from, location) : null;
  const isFinal = (error: unknown) => error instanceof TidemillError && error.code !== 'sourceUnreachable';
  const sent = resumed(response, { ...limits, again, isFinal });
  const saved = await saveContent(decoded(sent, response.headers, location, limits.maxBytes), {
    location,
    to,
    maxBytes: limits.maxBytes,
    sampleBytes: request.sample && canBeCut(format, name) ? limits.sampleBytes : null,
    signal: limits.signal,
    onBytes: request.onBytes,
  });
  const { etag, 'last-modified': modified } = response.headers;
  response.destroy();
  return {
    unchanged: false,
    files: [{ path: to, label: name, format }],
    bytes: saved.bytes,
    isWhole: saved.isWhole,
    validator: etag || modified ? JSON.stringify({ etag, modified }) : null,
    isBehindCursor: false,
  };
}

/** By what tells whether the rest belongs to it: a strong ETag, or when it was modified. */
function sameness({ etag, 'last-modified': modified }: IncomingHttpHeaders): string | undefined {
  return etag !== undefined && !etag.startsWith('W/') ? etag : modified;
}

const canGoOn = ({ headers }: IncomingMessage): boolean =>
  sameness(headers) !== undefined && headers['accept-ranges']?.toLowerCase() !== 'none';

/** The rest from a byte on. @throws ContentChanged where it is no longer what was begun */
async function goOn(
  { response: first, ask }: Asked,
  from: number,
  location: string,
): Promise<AsyncIterable<Uint8Array>> {
  const expected = sameness(first.headers) ?? '';
  const response = await ask({ range: `bytes=${from}-`, 'if-range': expected });
  const { statusCode = 0, headers } = response;
  const [, start, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
  const isSame =
    (sameness(headers) ?? expected) === expected &&
    headers['content-encoding'] === first.headers['content-encoding'];
  if (statusCode === 206 && isSame && start === String(from)) return response;
  response.destroy();
  // All of it had come before the connection broke.
  if (statusCode === 416 && total === String(from)) return Readable.from([]);
  if (statusCode === 200 || statusCode === 206 || statusCode === 416) throw new ContentChanged();
  assertTaken(response, location);
  throw new ContentChanged();
}

const decoders: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** Asked for as it is; who compresses all the same is bounded before and after. */
function decoded(
  content: AsyncIterable<Uint8Array>,
  headers: IncomingHttpHeaders,
  location: string,
  maxBytes: number,
): AsyncIterable<Uint8Array> {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return content;
  const decoder = decoders[encoding]?.();
  if (!decoder)
    throw errors.sourceRejected({
      location,
      reason: `its Content-Encoding is ${encoding.slice(0, 40)}`,
      remedy: 'Serve it as identity, gzip, br or zstd',
    });
  async function* bounded(): AsyncGenerator<Uint8Array> {
    let raw = 0;
    for await (const part of content) {
      raw += part.byteLength;
      if (raw > maxBytes) throw new Error('it sends without end');
      yield part;
    }
  }
  // A failure of either reaches whoever reads the decoder.
  pipeline(bounded, decoder, () => undefined);
  return decoder;
}

function assertTaken(response: IncomingMessage, location: string): void {
  const status = response.statusCode ?? 0;
  if (status === 200) return;
  response.destroy();
  const reason = `it answers ${status}`;
  if (status === 408 || status === 429 || status >= 500) throw errors.sourceUnreachable({ location, reason });
  const needsLogin = status === 401 || status === 403;
  throw errors.sourceRejected({
    location,
    reason,
    remedy: needsLogin
      ? 'Check the secrets bearer, basic, query or header:NAME and what they allow'
      : 'Check the address',
  });
}

function validatorHeaders(validator: string | null): Record<string, string> {
  if (validator === null) return {};
  const { etag, modified } = JSON.parse(validator) as { etag?: string; modified?: string };
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(etag === undefined && modified !== undefined && { 'if-modified-since': modified }),
  };
}

function secretHeaders(secrets: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(secrets).flatMap(([name, value]) =>
    name.startsWith('header:') ? [[name.slice('header:'.length).toLowerCase(), value]] : [],
  );
  return {
    ...Object.fromEntries(own),
    ...(secrets.bearer !== undefined && { authorization: `Bearer ${secrets.bearer}` }),
    ...(secrets.basic !== undefined && {
      authorization: `Basic ${Buffer.from(secrets.basic).toString('base64')}`,
    }),
  };
}

function withQuery(text: string, query: string | undefined): string {
  const url = URL.parse(text);
  if (!url || query === undefined) return text;
  url.search = [url.search.replace(/^\?/, ''), query.replace(/^\?/, '')].filter(Boolean).join('&');
  return url.href;
}

/** Node's own codes and zlib's; neither repeats a header or the query. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'it broke off';
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('Z_')) return `its compression is damaged (${code})`;
  return code === '' ? error.message : `${code}`;
};
