/** Requests to one server over connections that are kept. */
import { Agent as HttpAgent, type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

export interface RemoteOrder {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly parts?: readonly Uint8Array[];
}

export interface RemoteReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const largestReply = 512 * 1024 ** 2;
/** Uvicorn, which MLServer stands on, closes an idle connection after 5 seconds; we had better be the first. */
const idleMs = 4000;
/** What says that no byte of the request was read. */
const neverReached = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'];

export function createRemoteClient({
  url,
  requestMs,
  lookup,
  token,
}: {
  readonly url: string;
  readonly requestMs: number;
  readonly lookup: LookupFunction;
  readonly token?: string;
}) {
  const base = new URL(url);
  const isSecure = base.protocol === 'https:';
  const kept = { keepAlive: true, maxSockets: 64, timeout: idleMs };
  const agent = isSecure ? new HttpsAgent(kept) : new HttpAgent(kept);
  const send = isSecure ? requestHttps : requestHttp;
  const prefix = base.pathname.replace(/\/+$/, '');

  function once(
    { method, path, headers, parts = [] }: RemoteOrder,
    signal: AbortSignal,
  ): Promise<RemoteReply> {
    const { promise, resolve, reject } = Promise.withResolvers<RemoteReply>();
    const request = send({
      hostname: base.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: base.port || (isSecure ? 443 : 80),
      path: `${prefix}${path}`,
      ...{ method, agent, lookup, signal },
      headers: {
        accept: 'application/json, application/octet-stream',
        'accept-encoding': 'identity',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
        ...(method === 'POST'
          ? { 'content-length': parts.reduce((sum, part) => sum + part.byteLength, 0) }
          : {}),
      },
    });
    request.on('error', (error) => reject(Object.assign(error, { isStale: request.reusedSocket })));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > largestReply)
          response.destroy(new Error(`its answer is larger than ${largestReply} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    for (const part of parts) request.write(part);
    request.end();
    return promise;
  }

  return {
    /**
     * Asked a second time only if no byte of the first reached it, or it was a question about the server. What it may have
     * begun is never repeated.
     * @throws `Error` in words that go on "does not answer: "
     */
    async call(order: RemoteOrder, signal?: AbortSignal): Promise<RemoteReply> {
      const late = AbortSignal.timeout(requestMs);
      const either = signal ? AbortSignal.any([signal, late]) : late;
      try {
        return await once(order, either).catch((error: NodeJS.ErrnoException & { isStale?: boolean }) => {
          const isHarmless = order.method === 'GET' && error.isStale === true;
          if (either.aborted || !(isHarmless || neverReached.includes(error.code ?? ''))) throw error;
          return once(order, either);
        });
      } catch (error) {
        if (late.aborted && !signal?.aborted)
          throw new Error(`it took longer than ${requestMs / 1000} seconds`, { cause: error });
        throw error;
      }
    },
    close: () => agent.destroy(),
  };
}
