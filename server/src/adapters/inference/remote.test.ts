// Servers of the protocol as its text and the servers' own documents have them answer: Triton (binary tensors, everything
// as bytes when asked) and KServe (JSON). The real MLServer is in remote.slow.test.ts.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { resolveByDns } from '../network/network.ts';
import type { RemoteSource } from './inference.ts';
import { describeRuntime } from './inference-suite.ts';
import { openRemote, type RemoteOptions } from './remote.ts';

type Answer = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks), response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};
const open = (url: string, source: Partial<RemoteSource> = {}, options: Partial<RemoteOptions> = {}) =>
  openRemote(
    { kind: 'remote', model: 'far@1', url, name: 'tiny', ...source },
    { allowPrivate: true, resolve: resolveByDns, ...options },
  );

const metadata = {
  name: 'tiny',
  versions: ['1'],
  platform: 'onnxruntime_onnx',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
};
const compute = (rows: ArrayLike<number>): Float32Array =>
  Float32Array.from(
    { length: rows.length / 2 },
    (_, i) => 2 * (rows[2 * i] ?? 0) + 3 * (rows[2 * i + 1] ?? 0) + 1,
  );

/** Answers to what everybody asks; the rest is the server's own way. */
const about =
  (server: object, infer: Answer): Answer =>
  (request, body, response) => {
    if (request.url === '/v2') return json(response, server);
    if (request.url === '/v2/models/tiny') return json(response, metadata);
    if (request.url === '/v2/models/tiny/ready') return response.end() as unknown as undefined;
    if (request.url === '/v2/models/tiny/infer' && request.method === 'POST')
      return infer(request, body, response);
    json(response, { error: `Request for unknown model: '${request.url}' is not found` }, 404);
  };

const triton = about(
  {
    ...{ name: 'triton', version: '2.73.0' },
    extensions: ['classification', 'model_repository', 'schedule_policy', 'binary_tensor_data', 'statistics'],
  },
  (request, body, response) => {
    const size = Number(request.headers['inference-header-content-length']);
    const order = JSON.parse(body.toString('utf8', 0, size));
    const bytes = Uint8Array.from(body.subarray(size, size + order.inputs[0].parameters.binary_data_size));
    const values = compute(new Float32Array(bytes.buffer));
    const raw = Buffer.from(values.buffer);
    const head = JSON.stringify({
      ...{ model_name: 'tiny', model_version: '1' },
      outputs: [
        {
          ...{ name: 'y', datatype: 'FP32', shape: [values.length, 1] },
          parameters: { binary_data_size: raw.length },
        },
      ],
    });
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': Buffer.byteLength(head),
    });
    response.end(Buffer.concat([Buffer.from(head), raw]));
  },
);
const kserve = about(
  { name: 'kserve', version: '0.20.0', extensions: ['model_repository_extension'] },
  (_, body, response) => {
    const order = JSON.parse(body.toString());
    const values = compute(order.inputs[0].data);
    const data = [...values].map((value) => [value]);
    json(response, {
      ...{ model_name: 'tiny', model_version: null, id: 'a', parameters: null },
      outputs: [{ name: 'y', shape: [values.length, 1], datatype: 'FP32', parameters: null, data }],
    });
  },
);

describeRuntime("remote, Triton's answers", async () => open(await serve(triton)));
describeRuntime("remote, KServe's answers", async () => open(await serve(kserve)));

describe('a remote server', () => {
  const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 1) } as const;
  async function answering(answer: Answer, options: Partial<RemoteOptions> = {}) {
    const url = await serve(about({ extensions: [] }, answer));
    const runtime = await open(url, {}, options);
    onTestFinished(() => runtime.close());
    return runtime;
  }

  it('keeps 64-bit integers, reads null as NaN and writes it so', async () => {
    let sent = '';
    const runtime = await answering((_, body, response) => {
      sent = body.toString();
      response.end(
        '{"outputs":[{"name":"y","datatype":"INT64","shape":[2],"data":[9007199254740993,-1]},{"name":"z","datatype":"FP64","shape":[1,2],"data":[[null,0.5]]},{"name":"t","datatype":"BYTES","shape":[1],"data":["é"]},{"name":"b","datatype":"BOOL","shape":[2],"data":[true,false]}]}',
      );
    });
    const outputs = await runtime.infer([{ ...x, data: Float32Array.of(Number.NaN, 1.5) }]);
    expect(outputs.map(({ data }) => data)).toEqual([
      BigInt64Array.of(9_007_199_254_740_993n, -1n),
      Float64Array.of(Number.NaN, 0.5),
      ['é'],
      Uint8Array.of(1, 0),
    ]);
    expect(sent).toBe('{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[null,1.5]}]}');
    const infinite = { ...x, data: Float32Array.of(Number.POSITIVE_INFINITY, 0) };
    await expect(runtime.infer([infinite])).rejects.toThrow("'x' finite");
  });

  it.each([
    [400, '{"error":"unexpected shape"}', 'modelRaised', 'unexpected shape'],
    [422, '{"detail":[{"msg":"field required"}]}', 'modelRaised', 'field required'],
    [500, '<html><h1>Internal Server Error</h1></html>', 'modelRaised', 'Internal Server Error'],
    [503, '{"error":"queue is full"}', 'runtimeUnavailable', 'queue is full'],
    [
      200,
      '{"outputs":[{"name":"y","datatype":"FP32","shape":[9],"data":[1]}]}',
      'modelOutputInvalid',
      '1 values',
    ],
    [
      200,
      '{"outputs":[{"name":"y","datatype":"FP32","shape":[-1],"data":[1]}]}',
      'modelOutputInvalid',
      '[-1]',
    ],
    [200, 'no JSON', 'modelOutputInvalid', 'not of the protocol'],
  ])('that answers %i %s is %s', async (status, body, code, said) => {
    const runtime = await answering((_, __, response) => void response.writeHead(status).end(body));
    await expect(runtime.infer([x])).rejects.toMatchObject({ code, message: expect.stringContaining(said) });
  });

  it('is not asked twice what it may have begun, and is told when it hangs', async () => {
    let asked = 0;
    const dying = await answering((request) => {
      asked += 1;
      request.socket.destroy();
    });
    await expect(dying.infer([x])).rejects.toMatchObject({ code: 'runtimeUnavailable' });
    expect(asked).toBe(1);
    expect(dying.describe()).toMatchObject({
      state: 'dead',
      lastEnd: expect.stringContaining('does not answer'),
    });
    const hanging = await answering(() => undefined, { requestMs: 200, maxOutstanding: 1 });
    const late = hanging.infer([x]);
    await expect(hanging.infer([x])).rejects.toThrow('1 predictions are under way');
    await expect(late).rejects.toThrow('it took longer than 0.2 seconds');
    await expect(hanging.infer([x], undefined, AbortSignal.timeout(20))).rejects.toMatchObject({
      code: 'computeCancelled',
    });
  });

  it('that is not there, may not be called, or lacks the model is told when it is opened', async () => {
    const url = await serve(triton);
    const unreadable = (said: string) => ({
      code: 'modelUnreadable',
      message: expect.stringContaining(said),
    });
    await expect(open(url, { name: 'other' })).rejects.toMatchObject(unreadable('is not found'));
    await expect(open(url, { version: '7' })).rejects.toMatchObject(unreadable('tiny/versions/7'));
    await expect(open('ftp://127.0.0.1')).rejects.toMatchObject(unreadable('only http and https'));
    await expect(open(url, {}, { allowPrivate: false })).rejects.toMatchObject(unreadable('is private'));
    await expect(open('http://169.254.169.254')).rejects.toMatchObject(
      unreadable('no address of a receiver'),
    );
    await expect(open('http://127.0.0.1:1')).rejects.toMatchObject({ code: 'runtimeUnavailable' });
  });
});
