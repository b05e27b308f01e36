import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../../../../sdk/src/index.ts';
import { echoOf, serveGraph } from '../../../testing/echo-endpoint.ts';
import { createTestPlatform, type TestPlatform } from '../../../testing/platform.ts';

const maxBytes = 4 << 20;
let platform: TestPlatform;
let port: number;
const url = () => `http://127.0.0.1:${port}`;

beforeAll(async () => {
  platform = await createTestPlatform({ inferenceMaxBytes: maxBytes });
  await platform.http.listen({ host: '127.0.0.1', port: 0 });
  port = (platform.http.server.address() as AddressInfo).port;
  const client = createClient({ url: url() });
  const many = echoOf({ long: ['INT64', 'n'], text: ['BYTES', 'n'], truth: ['BOOL', 'n'] });
  await serveGraph(client, 'floats', echoOf({ x: ['FP32', 'n'] }));
  await serveGraph(client, 'many', many);
}, 30_000);
afterAll(() => platform.close());

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  json(): Record<string, unknown>;
}

/** By Node's own client, which adds no header that is not asked for. */
function ask(
  method: string,
  path: string,
  { body, headers = {} }: { body?: Buffer | string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const all = Buffer.concat(parts);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: all,
          json: () => JSON.parse(all.toString()),
        });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
const infer = (body: object | string | Buffer, headers: Record<string, string> = {}, name = 'floats') =>
  ask('POST', `/v2/models/${name}/infer`, {
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    headers,
  });
const x = { name: 'x', datatype: 'FP32', shape: [3], data: [1, 2, 3] };
const header = 'inference-header-content-length';
const bytesOf = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);

function binary(
  values: number[],
  parameters: object = { binary_data_output: true },
): [Buffer, Record<string, string>] {
  const size = values.length * 4;
  const input = {
    name: 'x',
    datatype: 'FP32',
    shape: [values.length],
    parameters: { binary_data_size: size },
  };
  const json = Buffer.from(JSON.stringify({ inputs: [input], parameters }));
  return [Buffer.concat([json, bytesOf(...values)]), { [header]: String(json.length) }];
}

describe('asking about the server and its models', () => {
  test.each(['/v2', '/v2/'])('%s names the server', async (path) => {
    const reply = await ask('GET', path);
    expect(reply.json()).toMatchObject({
      name: 'tidemill',
      extensions: expect.arrayContaining(['binary_tensor_data']),
    });
  });

  test('live and ready', async () => {
    for (const path of [
      '/v2/health/live',
      '/v2/health/ready',
      '/v2/models/floats/ready',
      '/v2/models/floats/versions/1/ready',
    ])
      expect([path, (await ask('GET', path)).status]).toEqual([path, 200]);
  });

  test.each(['/v2/models/many', '/v2/models/many/versions/1'])('%s', async (path) => {
    expect((await ask('GET', path)).json()).toEqual({
      name: 'many',
      versions: ['1'],
      platform: 'onnx',
      inputs: [
        { name: 'long', datatype: 'INT64', shape: [-1] },
        { name: 'text', datatype: 'BYTES', shape: [-1] },
        { name: 'truth', datatype: 'BOOL', shape: [-1] },
      ],
      outputs: [
        { name: 'long_out', datatype: 'INT64', shape: [-1] },
        { name: 'text_out', datatype: 'BYTES', shape: [-1] },
        { name: 'truth_out', datatype: 'BOOL', shape: [-1] },
      ],
    });
  });

  test('the list of models, with and without a body', async () => {
    const lines = ['floats', 'many'].map((name) => ({ name, version: '1', state: 'READY', reason: '' }));
    for (const body of [undefined, '', '{}', '{"ready":true}'])
      expect((await ask('POST', '/v2/repository/index', body === undefined ? {} : { body })).json()).toEqual(
        lines,
      );
    expect((await ask('GET', '/v2/models')).json()).toEqual({ models: ['floats', 'many'] });
  });

  test('what is not there', async () => {
    for (const [method, path] of [
      ['GET', '/v2/models/nobody'],
      ['GET', '/v2/models/nobody/ready'],
      ['GET', '/v2/models/floats/versions/7'],
      ['GET', '/v2/models/floats/versions/7/ready'],
      ['POST', '/v2/models/nobody/infer'],
      ['GET', '/v2/models/floats/infer'],
      ['GET', '/v2/no/such/thing'],
      ['POST', '/v2/repository/models/nobody/load'],
    ] as const) {
      const reply = await ask(
        method,
        path,
        method === 'POST' ? { body: JSON.stringify({ inputs: [x] }) } : {},
      );
      expect([path, reply.status, Object.keys(reply.json())]).toEqual([path, 404, ['error']]);
    }
  });
});

describe('inference', () => {
  test('JSON in and out; who answered stands in the parameters', async () => {
    const reply = await infer({ id: 'a1', inputs: [x] });
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    expect(reply.headers[header]).toBeUndefined();
    expect(reply.json()).toEqual({
      model_name: 'floats',
      model_version: '1',
      id: 'a1',
      parameters: { source: 'model', variant: 'main', revision: 1 },
      outputs: [{ name: 'x_out', datatype: 'FP32', shape: [3], data: [1, 2, 3] }],
    });
    expect(
      (
        await ask('POST', '/v2/models/floats/versions/1/infer', { body: JSON.stringify({ inputs: [x] }) })
      ).json(),
    ).toMatchObject({ model_version: '1', id: expect.stringMatching(/^prediction_/) });
  });

  test.each(['application/octet-stream', 'text/plain', 'nonsense', 'application/json; charset=utf-16'])(
    'whatever the content type says: %s',
    async (type) => {
      expect((await infer({ inputs: [x] }, { 'content-type': type })).json()).toMatchObject({
        outputs: [{ data: [1, 2, 3] }],
      });
      const [body, headers] = binary([1]);
      expect((await infer(body, { ...headers, 'content-type': type })).status).toBe(200);
    },
  );

  test('bytes in and out', async () => {
    const reply = await infer(...binary([1.5, -2]));
    expect(reply.headers['content-type']).toBe('application/octet-stream');
    const length = Number(reply.headers[header]);
    expect(JSON.parse(reply.body.subarray(0, length).toString()).outputs).toEqual([
      { name: 'x_out', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } },
    ]);
    expect(reply.body.subarray(length)).toEqual(bytesOf(1.5, -2));
    expect((await infer(...binary([1.5], {}))).json()).toMatchObject({ outputs: [{ data: [1.5] }] });
  });

  test('bytes alone', async () => {
    const reply = await infer(bytesOf(4, 5, 6), { [header]: '0' });
    expect(reply.body.subarray(Number(reply.headers[header]))).toEqual(bytesOf(4, 5, 6));
  });

  test('64-bit numbers, texts and truths in JSON, digit by digit', async () => {
    const body = `{"inputs":[
      {"name":"long","datatype":"INT64","shape":[2],"data":[9007199254740993,-9223372036854775808]},
      {"name":"text","datatype":"BYTES","shape":[2],"data":["ä",""]},
      {"name":"truth","datatype":"BOOL","shape":[2],"data":[true,false]}]}`;
    const text = (await infer(body, {}, 'many')).body.toString();
    expect(text).toContain('"data":[9007199254740993,-9223372036854775808]');
    expect(JSON.parse(text)).toMatchObject({ outputs: [{}, { data: ['ä', ''] }, { data: [true, false] }] });
  });

  test('in pieces, without a length', async () => {
    const pieces = await new Promise<string>((resolve, reject) => {
      const json = JSON.stringify({ inputs: [x] });
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          'POST /v2/models/floats/infer HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n',
        );
        for (const letter of json) socket.write(`1\r\n${letter}\r\n`);
        socket.write('0\r\n\r\n');
      });
      let got = '';
      socket
        .on('data', (part) => {
          got += part;
        })
        .on('end', () => resolve(got))
        .on('error', reject);
    });
    expect(pieces).toMatch(/200 OK[\s\S]*"data":\[1,2,3\]/);
  });

  test('outputs by name', async () => {
    const inputs = [
      { name: 'long', datatype: 'INT64', shape: [1], data: [1] },
      { name: 'text', datatype: 'BYTES', shape: [1], data: ['a'] },
      { name: 'truth', datatype: 'BOOL', shape: [1], data: [true] },
    ];
    const wanted = [{ name: 'truth_out' }, { name: 'long_out', parameters: { binary_data: true } }];
    const reply = await infer({ inputs, outputs: wanted }, {}, 'many');
    const length = Number(reply.headers[header]);
    expect(JSON.parse(reply.body.subarray(0, length).toString()).outputs).toMatchObject([
      { name: 'truth_out', data: [true] },
      { name: 'long_out', parameters: { binary_data_size: 8 } },
    ]);
    expect((await infer({ inputs, outputs: [{ name: 'nobody' }] }, {}, 'many')).status).toBe(400);
  });
});

describe('compression', () => {
  const large = { ...x, shape: [2000], data: Array.from({ length: 2000 }, (_, i) => i) };

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const)('of a request by %s; the header counts what was compressed', async (encoding, pack) => {
    const [body, headers] = binary([7, 8]);
    const reply = await infer(pack(body), { ...headers, 'content-encoding': encoding });
    expect(reply.body.subarray(Number(reply.headers[header]))).toEqual(bytesOf(7, 8));
  });

  test.each([
    ['gzip, deflate', 'gzip', gunzipSync],
    ['deflate', 'deflate', inflateSync],
    ['gzip;q=0, deflate', 'deflate', inflateSync],
  ] as const)('of a reply, asked for by %s', async (accepted, encoding, unpack) => {
    const reply = await infer({ inputs: [large] }, { 'accept-encoding': accepted });
    expect(reply.headers['content-encoding']).toBe(encoding);
    expect(JSON.parse(unpack(reply.body).toString()).outputs[0].data).toEqual(large.data);
  });

  test('of nothing else: neither small replies, nor failures, nor metadata', async () => {
    const asked = { 'accept-encoding': 'gzip, deflate' };
    const replies = [
      await infer({ inputs: [x] }, asked),
      await infer({ inputs: [{ ...large, shape: [1] }] }, asked),
      await infer({ inputs: [large] }, { 'accept-encoding': 'br, identity' }),
      await ask('GET', '/v2/models/many', { headers: asked }),
      await ask('POST', '/v2/repository/index', { headers: asked }),
    ];
    expect(replies.map(({ headers }) => headers['content-encoding'])).toEqual(replies.map(() => undefined));
  });

  test('that is none, or unknown, is refused', async () => {
    expect(await infer({ inputs: [x] }, { 'content-encoding': 'gzip' })).toMatchObject({ status: 400 });
    expect(await infer({ inputs: [x] }, { 'content-encoding': 'br' })).toMatchObject({ status: 415 });
    expect(await infer(gzipSync('{}').subarray(0, 10), { 'content-encoding': 'gzip' })).toMatchObject({
      status: 400,
    });
  });
});

describe('what is hostile is refused, and the server answers on', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  const huge = { ...x, shape: [16, 2 ** 60 + 2] };
  const [body, headers] = binary([1, 2]);
  const cut = [
    { name: 'long', datatype: 'INT64', shape: [1], data: [1] },
    { name: 'text', datatype: 'BYTES', shape: [1], data: ['a\0b'] },
    { name: 'truth', datatype: 'BOOL', shape: [1], data: [true] },
  ];
  const bomb = gzipSync(Buffer.alloc(64 << 20));
  const cases: [string, number, () => Promise<Reply>][] = [
    ['no body', 400, () => infer('')],
    ['no JSON', 400, () => infer('{')],
    ['ten thousand levels', 400, () => infer(`{"inputs":${deep(10_000)}}`)],
    ['a million levels', 400, () => infer(deep(1_000_000))],
    [
      'levels in the data',
      400,
      () => infer(`{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":${deep(10_000)}}]}`),
    ],
    ['sizes whose product overflows', 400, () => infer({ inputs: [huge] })],
    [
      'bytes whose product overflows',
      400,
      () => infer({ inputs: [{ ...x, datatype: 'FP64', shape: [2 ** 61] }] }),
    ],
    ['nothing, very often', 400, () => infer({ inputs: [{ ...x, shape: [2 ** 31, 0], data: [] }] })],
    ['a text that the model would see the half of', 400, () => infer({ inputs: cut }, {}, 'many')],
    ['a negative size', 400, () => infer({ inputs: [{ ...x, shape: [-3] }] })],
    ['data shorter than its shape', 400, () => infer({ inputs: [{ ...x, shape: [4] }] })],
    ['data longer than its shape', 400, () => infer({ inputs: [{ ...x, shape: [2] }] })],
    ['NaN', 400, () => infer('{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[NaN]}]}')],
    ['names twice', 400, () => infer({ inputs: [x, x] })],
    ['outputs twice', 400, () => infer({ inputs: [x], outputs: [{ name: 'x_out' }, { name: 'x_out' }] })],
    ['an input that is none', 400, () => infer({ inputs: [{ ...x, name: 'y' }] }, {}, 'many')],
    ['a wrong datatype', 400, () => infer({ inputs: [{ ...x, datatype: 'BYTES', data: ['a', 'b', 'c'] }] })],
    ['too many dimensions', 400, () => infer({ inputs: [{ ...x, shape: [1, 3] }] })],
    ['a header beyond the body', 400, () => infer(body, { [header]: '100000' })],
    ['a header that is no number', 400, () => infer(body, { [header]: '-1' })],
    ['truncated bytes', 400, () => infer(body.subarray(0, -1), headers)],
    ['a gzip bomb', 413, () => infer(bomb, { 'content-encoding': 'gzip' })],
    ['a large body', 413, () => infer(Buffer.alloc(maxBytes + 1, 0x20))],
    [
      'a model brought along',
      400,
      () =>
        ask('POST', '/v2/repository/models/floats/load', {
          body: JSON.stringify({ parameters: { [`file:1/${'a'.repeat(300)}`]: 'AAAA' } }),
        }),
    ],
    [
      'a configuration brought along',
      400,
      () =>
        ask('POST', '/v2/repository/models/floats/load', {
          body: JSON.stringify({ parameters: { config: '{}' } }),
        }),
    ],
  ];
  test.each(cases)('%s', async (_what, status, run) => {
    const began = performance.now();
    const reply = await run();
    expect([reply.status, Object.keys(reply.json())]).toEqual([status, ['error']]);
    expect(String(reply.json().error)).not.toMatch(/internal/i);
    expect(performance.now() - began).toBeLessThan(4000);
    expect((await ask('GET', '/v2/health/live')).status).toBe(200);
    expect((await infer({ inputs: [x] })).status).toBe(200);
  });

  test('a client that leaves in the middle', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          'POST /v2/models/floats/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n{"inputs"',
          () => {
            socket.destroy();
            resolve();
          },
        );
      });
    });
    expect((await infer({ inputs: [x] })).status).toBe(200);
  });
});

describe('models set aside', () => {
  const state = async () =>
    (
      (await ask('POST', '/v2/repository/index')).json() as never as {
        name: string;
        state: string;
        reason: string;
      }[]
    ).find(({ name }) => name === 'floats');
  const act = (action: string) =>
    ask('POST', `/v2/repository/models/floats/${action}`, {
      body: '{"parameters":{"unload_dependents":false}}',
    });

  test('are not ready, and are loaded again by hand or by the next request', async () => {
    expect((await act('unload')).status).toBe(200);
    expect(await state()).toMatchObject({ state: 'UNAVAILABLE', reason: 'unloaded' });
    const ready = await ask('GET', '/v2/models/floats/ready');
    expect([ready.status, ready.json()]).toEqual([503, { error: expect.stringMatching(/not ready/) }]);
    expect((await act('load')).status).toBe(200);
    expect(await state()).toMatchObject({ state: 'READY' });
    await act('unload');
    expect((await infer({ inputs: [x] })).json()).toMatchObject({ parameters: { source: 'model' } });
    expect(await state()).toMatchObject({ state: 'READY' });
    const { items } = await platform.services.audit.list({ limit: 10 }, platform.caller);
    expect(items.map(({ action }) => action)).toContain('endpoint.modelsUnloaded');
  });
});
