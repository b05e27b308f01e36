import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient, TidemillClientError } from './client.ts';

let server: Server | undefined;

/** A server that answers every request by this function. @returns its address */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const json = (response: ServerResponse, status: number, value: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

/** What the request that `call` makes looks like on the wire. */
async function requestOf(call: (client: ReturnType<typeof createClient>) => Promise<unknown>) {
  let seen: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string } | undefined;
  const url = await serve(async (request, response) => {
    seen = {
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: await text(request),
    };
    json(response, 200, { items: [], nextCursor: null });
  });
  await call(createClient({ url: `${url}//`, token: 'secret' }));
  if (!seen) throw new Error('nothing was asked');
  return seen;
}

const failureOf = async (promise: Promise<unknown>): Promise<TidemillClientError> => {
  const error = await promise.then(
    () => null,
    (reason) => reason,
  );
  if (error instanceof TidemillClientError) return error;
  throw new Error(`not refused as expected: ${error}`);
};

describe('a request', () => {
  it('carries the token, and knows no double slash', async () => {
    const seen = await requestOf((client) => client.datasets.list());
    expect(seen).toMatchObject({ method: 'GET', url: '/api/v1/datasets', body: '' });
    expect(seen.headers.authorization).toBe('Bearer secret');
  });

  it('encodes path parameters, so that no name can leave its place', async () => {
    const seen = await requestOf((client) =>
      client.datasets.getVersion({ name: '../tokens?x=1#y', version: '{2023-08-31} 100%' }),
    );
    expect(seen.url).toBe('/api/v1/datasets/..%2Ftokens%3Fx%3D1%23y/versions/%7B2023-08-31%7D%20100%25');
  });

  it.each(['', '.', '..'])(
    'is never made for the name %j, which a URL would read as a step',
    async (name) => {
      const client = createClient({ fetch: () => Promise.reject(new Error('asked')) });
      const error = await failureOf(client.datasets.delete({ name }));
      expect(error).toMatchObject({ code: 'requestInvalid', message: expect.stringContaining(`'${name}'`) });
    },
  );

  it('puts declared query fields into the query, leaving out what is undefined', async () => {
    const seen = await requestOf((client) =>
      client.datasets.diff({ name: 'prices', from: '1', to: 'a&b=c', key: undefined, limit: 0 }),
    );
    expect(seen.url).toBe('/api/v1/datasets/prices/diff?from=1&to=a%26b%3Dc&limit=0');
  });

  it('sends the rest as JSON, without path and query; a misspelt field goes along for the server to refuse', async () => {
    const seen = await requestOf((client) =>
      client.endpoints.put({
        name: 'forecast',
        variants: [],
        entity: ['symbol'],
        reason: 'ä "quoted"',
        ...{ reasn: 1 },
      }),
    );
    expect(seen.url).toBe('/api/v1/endpoints/forecast');
    expect(JSON.parse(seen.body)).toEqual({
      variants: [],
      entity: ['symbol'],
      reason: 'ä "quoted"',
      reasn: 1,
    });
    expect(seen.headers['content-type']).toBe('application/json');
  });
});

describe('an upload', () => {
  it('streams chunk by chunk: the next is asked for after the server has met the one before', async () => {
    const met: Buffer[] = [];
    const url = await serve((request, response) => {
      request.on('data', (bytes: Buffer) => met.push(bytes));
      request.on('end', () => json(response, 201, { reference: 'prices@1' }));
    });
    const metBefore: number[] = [];
    async function* content() {
      for (let i = 0; i < 3; i++) {
        metBefore.push(Buffer.concat(met).length);
        yield Buffer.alloc(200_000, i);
        while (Buffer.concat(met).length < 200_000 * (i + 1)) await new Promise(setImmediate);
      }
    }
    const reply = await createClient({ url }).datasets.commit({
      name: 'prices',
      format: 'csv',
      content: content(),
    });
    expect(reply).toMatchObject({ reference: 'prices@1' });
    expect(metBefore).toEqual([0, 200_000, 400_000]);
    expect(Buffer.concat(met)).toEqual(Buffer.concat([0, 1, 2].map((i) => Buffer.alloc(200_000, i))));
  });

  it('whose own source fails ends with that reason, not with an unreachable server', async () => {
    const url = await serve((request) => void request.resume());
    const content = createReadStream('/nowhere/prices.csv');
    const call = createClient({ url }).datasets.commit({ name: 'prices', format: 'csv', content });
    await expect(call).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining('/nowhere/'),
    });
  });

  it('that is refused before it is read ends with the refusal', async () => {
    const url = await serve((_request, response) => {
      const error = { code: 'requestInvalid', message: 'No such name.', details: {}, requestId: 'r' };
      json(response, 400, { error });
    });
    async function* content() {
      for (let i = 0; i < 500; i++) yield new Uint8Array(100_000);
    }
    const call = createClient({ url }).datasets.commit({ name: 'x', format: 'csv', content: content() });
    expect(await failureOf(call)).toMatchObject({ code: 'requestInvalid', status: 400 });
  });

  it('names its media type, and sends a buffer whole', async () => {
    let seen: { type?: string; body: Buffer } | undefined;
    const url = await serve(async (request, response) => {
      seen = { type: request.headers['content-type'], body: await buffer(request) };
      json(response, 200, {});
    });
    const content = new Uint8Array([0, 255, 10]);
    await createClient({ url }).experiments.putArtifact({
      id: 'r',
      path: 'a b',
      content,
      mediaType: 'image/png',
    });
    expect(seen).toEqual({ type: 'image/png', body: Buffer.from(content) });
  });
});

describe('a download', () => {
  it('is a stream with its type, size and validator', async () => {
    const url = await serve((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'text/csv', 'content-length': 4, etag: '"abc"' })
        .end('a\n1\n');
    });
    const download = await createClient({ url }).datasets.read({ name: 'prices', version: '1' });
    expect(download).toMatchObject({ mediaType: 'text/csv', size: 4, etag: 'abc' });
    const chunks: Uint8Array[] = [];
    for await (const chunk of download.content) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('a\n1\n');
  });
});

describe('the rest of a download', () => {
  it('is asked for by what is there, and says where it begins and what the whole is', async () => {
    const hash = Buffer.alloc(32, 255);
    let asked: unknown;
    const url = await serve((request, response) => {
      const { accept, range } = request.headers;
      asked = { accept, range, ifRange: request.headers['if-range'] };
      const digest = `sha-256=:${hash.toString('base64')}:`;
      response
        .writeHead(206, { 'content-range': 'bytes 2-3/4', etag: '"abc"', 'repr-digest': digest })
        .end('1\n');
    });
    const input = { name: 'prices', version: '1', accept: 'text/csv' };
    const rest = await createClient({ url }).datasets.read(input, { from: { offset: 2, etag: 'abc' } });
    expect(asked).toEqual({ accept: 'text/csv', range: 'bytes=2-', ifRange: '"abc"' });
    expect(rest).toMatchObject({ offset: 2, size: 4, etag: 'abc', sha256: 'ff'.repeat(32) });
  });
});

describe('a failure', () => {
  it('is the catalogue entry that the server sent', async () => {
    const url = await serve((_request, response) => {
      const error = { code: 'datasetNotFound', message: 'No such.', details: { name: 'x' }, requestId: 'r' };
      json(response, 404, { error });
    });
    const error = await failureOf(createClient({ url }).datasets.get({ name: 'x' }));
    expect(error).toMatchObject({
      name: 'TidemillClientError',
      code: 'datasetNotFound',
      message: 'No such.',
      status: 404,
      details: { name: 'x' },
    });
  });

  it('says what came where something else than our server answered', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(502, 'Bad Gateway').end('<h1>nginx</h1>');
    });
    const error = await failureOf(createClient({ url }).datasets.list());
    expect(error).toMatchObject({ code: 'unknown', status: 502 });
    expect(error.message).toContain('502 Bad Gateway: <h1>nginx</h1>');
  });

  it('names the remedy where nobody answers', async () => {
    const url = await serve(() => {});
    server?.close();
    const error = await failureOf(createClient({ url }).datasets.list());
    expect(error).toMatchObject({ code: 'unreachable', status: 0 });
    expect(error.message).toContain(url);
    expect(error.message).toContain('tidemill up');
    expect(error.cause).toBeDefined();
  });

  it('of an aborted call is the abort, not an unreachable server', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort());
    const call = createClient({ url }).system.status({}, { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });
});
