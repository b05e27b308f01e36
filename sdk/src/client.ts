import {
  type Content,
  type Contract,
  contract,
  type Download,
  type Endpoint,
  type Endpoints,
  type ErrorBody,
  type Input,
  type Reply,
} from '@tidemill/contract';
import { openUpload } from './upload.ts';

export interface ClientOptions {
  /** `http://127.0.0.1:4600`; default that address. */
  readonly url?: string;
  /** Bearer token; not needed on the server's own machine. */
  readonly token?: string;
  /** Stand-in for the global `fetch`, for tests and proxies. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Of a download: only what follows these bytes, if the content is still the one of this ETag; else the whole. `offset` of the reply says which. */
  readonly from?: { readonly offset: number; readonly etag: string };
}

/** A call that takes nothing may be made without an argument. */
type Call<E extends Endpoint> =
  Record<string, never> extends Input<E>
    ? (input?: Input<E>, options?: CallOptions) => Promise<Reply<E>>
    : (input: Input<E>, options?: CallOptions) => Promise<Reply<E>>;

/**
 * One typed method per endpoint of the contract, grouped by domain.
 *
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:4600' });
 * const version = await client.datasets.commit({ name: 'prices', format: 'csv', content: bytes });
 * const reply = await client.endpoints.predict({ name: 'forecast', records: [{ symbol: 'AAPL' }] });
 */
export type Client = {
  readonly [D in keyof Contract]: {
    readonly [N in keyof Contract[D]]: Contract[D][N] extends Endpoint ? Call<Contract[D][N]> : never;
  };
};

/** What the server refused, with the catalogue's code; `status` 0 means it could not be reached. */
export class TidemillClientError extends Error {
  override readonly name = 'TidemillClientError';
  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(failure: {
    code: string;
    message: string;
    status: number;
    details?: Record<string, unknown>;
    cause?: unknown;
  }) {
    super(failure.message, { cause: failure.cause });
    this.code = failure.code;
    this.status = failure.status;
    this.details = failure.details ?? {};
  }
}

export const defaultUrl = 'http://127.0.0.1:4600';

/** The server's address, without a slash at its end. */
export const baseOf = (options: ClientOptions): string => (options.url ?? defaultUrl).replace(/\/+$/, '');

/** Builds the client from the contract: no method here is written by hand. */
export function createClient(options: ClientOptions = {}): Client {
  const domains = Object.entries(contract as Record<string, Endpoints>).map(([domain, list]) => [
    domain,
    Object.fromEntries(Object.entries(list).map(([name, endpoint]) => [name, createCall(options, endpoint)])),
  ]);
  return Object.fromEntries(domains) as Client;
}

type AnyInput = Readonly<Record<string, unknown>> & {
  readonly content?: Content;
  readonly mediaType?: string;
  readonly accept?: string;
};

function createCall(options: ClientOptions, endpoint: Endpoint) {
  return async (input: AnyInput = {}, call: CallOptions = {}): Promise<unknown> => {
    const response = await send(options, endpoint, input, call);
    if (!response.ok) throw await toError(response);
    return endpoint.download ? toDownload(response) : response.json();
  };
}

async function send(
  options: ClientOptions,
  endpoint: Endpoint,
  input: AnyInput,
  { signal, from }: CallOptions,
): Promise<Response> {
  const base = baseOf(options);
  const url = `${base}${pathOf(endpoint, input)}`;
  const headers: Record<string, string> = {};
  if (options.token) headers.authorization = `Bearer ${options.token}`;
  const upload = endpoint.upload && input.content ? openUpload(input.content) : undefined;
  const body = upload ? upload.body : bodyOf(endpoint, input);
  if (endpoint.upload) headers['content-type'] = input.mediaType ?? 'application/octet-stream';
  else if (endpoint.body) headers['content-type'] = 'application/json';
  if (endpoint.download && input.accept) headers.accept = input.accept;
  if (from) Object.assign(headers, { range: `bytes=${from.offset}-`, 'if-range': `"${from.etag}"` });
  const request: RequestInit & { duplex?: 'half' } = {
    method: endpoint.method,
    headers,
    ...(signal && { signal }),
  };
  if (body !== undefined) Object.assign(request, { body, duplex: 'half' });
  try {
    return await (options.fetch ?? fetch)(url, request);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const ownFailure = upload?.failure();
    if (ownFailure) throw ownFailure.reason;
    const message = `No Tidemill answers at ${base}. Start one with \`tidemill up\`, or name another with --url or TIDEMILL_URL.`;
    throw new TidemillClientError({ code: 'unreachable', status: 0, message, cause });
  }
}

function bodyOf(endpoint: Endpoint, input: AnyInput): string | undefined {
  if (!endpoint.body) return undefined;
  // What belongs nowhere goes along: the server refuses a misspelt field, which dropping it here would hide.
  return JSON.stringify(omit(input, [endpoint.params, endpoint.query].flatMap(namesOf)));
}

function pathOf(endpoint: Endpoint, input: AnyInput): string {
  const path = endpoint.path.replace(/:(\w+)/g, (_match, name: string) => segmentOf(name, input[name]));
  const query = new URLSearchParams();
  for (const name of Object.keys(endpoint.query?.properties ?? {})) {
    if (input[name] !== undefined) query.set(name, String(input[name]));
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

/** URLs read `..` as a step upward even when it is encoded, so such a name would reach another endpoint. */
function segmentOf(name: string, value: unknown): string {
  const text = String(value ?? '');
  if (!/^\.{0,2}$/.test(text)) return encodeURIComponent(text);
  const message = `'${text}' is no ${name}. Give the ${name} of a thing that is there.`;
  throw new TidemillClientError({ code: 'requestInvalid', status: 400, message });
}

const namesOf = (schema: Endpoint['body']): string[] => Object.keys(schema?.properties ?? {});

const omit = (input: AnyInput, names: readonly string[]) =>
  Object.fromEntries(Object.entries(input).filter(([name]) => !names.includes(name)));

/** The catalogue's error of a refused request; `unknown` where something else than our server answered. */
export async function toError(response: Response): Promise<TidemillClientError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    return new TidemillClientError({ ...error, status: response.status });
  } catch {
    const message = `The server answered ${response.status} ${response.statusText}: ${text.slice(0, 200)}`;
    return new TidemillClientError({ code: 'unknown', status: response.status, message });
  }
}

function toDownload(response: Response): Download {
  const part = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  const size = part?.[2] ?? response.headers.get('content-length');
  const etag = response.headers.get('etag')?.replaceAll('"', '');
  const hash = /sha-256=:([^:]+):/.exec(response.headers.get('repr-digest') ?? '')?.[1];
  return {
    content: (response.body ?? new ReadableStream<Uint8Array>()) as unknown as AsyncIterable<Uint8Array>,
    mediaType: response.headers.get('content-type') ?? 'application/octet-stream',
    ...(size !== null && { size: Number(size) }),
    ...(part && { offset: Number(part[1]) }),
    ...(etag && { etag }),
    ...(hash && { sha256: toHex(hash) }),
  };
}

const toHex = (base64: string): string =>
  Array.from(atob(base64), (letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('');
