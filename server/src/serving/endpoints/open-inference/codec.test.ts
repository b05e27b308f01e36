import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Datatype, Tensor, TensorData } from '../../../adapters/inference/inference.ts';
import { encodeReply, type InferReply } from './reply.ts';
import { decodeRawRequest, decodeRequest } from './request.ts';

const json = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const input = { name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] };
const asked = (...inputs: object[]) => json({ inputs });
const dataOf = (request: { inputs: readonly Tensor[] }): TensorData | undefined => request.inputs[0]?.data;

/** A request with binary tensors: the JSON and what stands behind it. */
function binary(fields: object, ...tails: Uint8Array[]): [Buffer, number] {
  const head = json(fields);
  return [Buffer.concat([head, ...tails]), head.length];
}
const bytesOf = (data: Exclude<TensorData, readonly unknown[]>): Buffer =>
  Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
const problem = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ code: 'inferRequestInvalid', status: 400 });
    return String((error as { details: { problem: unknown } }).details.problem);
  }
  throw new Error('it was not refused');
};

const counts = { maxLength: 12 };
const floats = { noDefaultInfinity: true, noNaN: true };
/** What each datatype can hold. */
const arrays: Readonly<Record<Datatype, fc.Arbitrary<TensorData>>> = {
  BOOL: fc.array(fc.constantFrom(0, 1), counts).map((values) => Uint8Array.from(values)),
  UINT8: fc.uint8Array(counts),
  UINT16: fc.uint16Array(counts),
  UINT32: fc.uint32Array(counts),
  UINT64: fc.bigUint64Array(counts),
  INT8: fc.int8Array(counts),
  INT16: fc.int16Array(counts),
  INT32: fc.int32Array(counts),
  INT64: fc.bigInt64Array(counts),
  FP16: fc
    .array(fc.float({ min: -1000, max: 1000, noNaN: true }), counts)
    .map((values) => new Uint16Array(Float16Array.from(values, (value) => Math.f16round(value) || 0).buffer)),
  FP32: fc.float32Array({ ...counts, ...floats }),
  FP64: fc.float64Array({ ...counts, ...floats }),
  BYTES: fc.array(fc.string({ unit: 'grapheme' }), counts),
};
const isNegativeZero = (value: unknown) => Object.is(value, -0);
/** JSON in JavaScript writes -0 as 0. */
const unsigned = (data: TensorData): unknown[] =>
  Array.from(data as Float64Array, (v) => (isNegativeZero(v) ? 0 : v));
const tensors = fc
  .constantFrom(...(Object.keys(arrays) as Datatype[]))
  .chain((datatype) =>
    arrays[datatype].map((data): Tensor => ({ name: 'x', datatype, shape: [data.length], data })),
  );

const reply = (...outputs: Tensor[]): InferReply => ({
  endpoint: 'e',
  modelVersion: '1',
  id: 'i',
  parameters: {},
  outputs,
});
/** A reply read again as the request that it would be. */
function readBack(output: Tensor, isBinary: boolean): Tensor {
  const { parts, headerLength } = encodeReply(reply(output), () => isBinary);
  const text = (parts[0] as Buffer).toString().replace('"outputs":', '"inputs":');
  const head = Buffer.from(text);
  const read = decodeRequest(
    Buffer.concat([head, ...parts.slice(1)]),
    headerLength === null ? null : head.length,
  );
  return read.inputs[0] as Tensor;
}

describe('what is written is read back', () => {
  test('as bytes, every datatype and every bit', () => {
    fc.assert(fc.property(tensors, (tensor) => void expect(readBack(tensor, true)).toEqual(tensor)));
  });

  test('as JSON, every datatype and every digit', () => {
    fc.assert(
      fc.property(tensors, (tensor) => {
        const found = readBack(tensor, false);
        expect(found.data.constructor).toBe(tensor.data.constructor);
        expect({ ...found, data: unsigned(found.data) }).toEqual({ ...tensor, data: unsigned(tensor.data) });
      }),
    );
  });

  test('bytes that are no text stay bytes', () => {
    const data = ['a', Uint8Array.of(0xff, 0xfe), '', Uint8Array.of(0xc3)];
    expect(readBack({ name: 'x', datatype: 'BYTES', shape: [4], data }, true).data).toEqual(data);
    expect(problem(() => readBack({ name: 'x', datatype: 'BYTES', shape: [4], data }, false))).toMatch(
      /binary_data/,
    );
  });

  test('NaN and infinity of a float: bits as bytes, null as JSON', () => {
    const data = Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY);
    const tensor: Tensor = { name: 'x', datatype: 'FP32', shape: [3], data };
    expect(readBack(tensor, true).data).toEqual(data);
    expect(String(encodeReply(reply(tensor), () => false).parts[0])).toContain('"data":[1,null,null]');
  });

  test('whatever is sent, it is read or refused', () => {
    const value = fc.jsonValue({ maxDepth: 6 });
    const fields = fc.record(
      {
        id: value,
        inputs: fc.oneof(
          value,
          fc.array(
            fc.record(
              {
                name: fc.constantFrom('x', 'y'),
                datatype: fc.constantFrom('FP32', 'INT64', 'BYTES', 'BOOL', 'no'),
                shape: fc.oneof(value, fc.array(fc.integer())),
                data: value,
                parameters: value,
              },
              { requiredKeys: [] },
            ),
          ),
        ),
        outputs: value,
        parameters: value,
      },
      { requiredKeys: [] },
    );
    const read = (body: Buffer, header: number | null) => {
      try {
        for (const { shape, data } of decodeRequest(body, header).inputs)
          expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
      } catch (error) {
        expect(error).toMatchObject({ status: 400 });
      }
    };
    fc.assert(
      fc.property(fields, (each) => read(json(each), null)),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.uint8Array(), fc.nat(40), (each, header) => read(Buffer.from(each), header)));
  });
});

describe('a JSON request', () => {
  test('nested, flat, a single number, nothing', () => {
    const nested = { name: 'x', datatype: 'INT32', shape: [2, 1, 2] };
    expect(dataOf(decodeRequest(asked({ ...nested, data: [[[1, 2]], [[3, 4]]] }), null))).toEqual(
      Int32Array.of(1, 2, 3, 4),
    );
    expect(dataOf(decodeRequest(asked({ ...nested, data: [1, 2, 3, 4] }), null))).toEqual(
      Int32Array.of(1, 2, 3, 4),
    );
    expect(dataOf(decodeRequest(asked({ ...nested, shape: [], data: [7] }), null))).toEqual(Int32Array.of(7));
    expect(dataOf(decodeRequest(asked({ ...nested, shape: [0, 3], data: [] }), null))).toEqual(
      Int32Array.of(),
    );
  });

  test('a shape that lies makes nothing of its size', () => {
    const lie = { name: 'x', datatype: 'FP64', shape: [1, 2 ** 31 - 1], data: [[1]] };
    expect(problem(() => dataOf(decodeRequest(asked(lie), null)))).toMatch(/a list of 1 in dimension 1/);
  });

  test('whole numbers beyond 2^53 keep their digits', () => {
    const long = (datatype: string, data: string) =>
      dataOf(
        decodeRequest(
          json(`{"inputs":[{"name":"x","datatype":"${datatype}","shape":[2],"data":[${data}]}]}`),
          null,
        ),
      );
    expect(long('INT64', '9007199254740993,-9223372036854775808')).toEqual(
      BigInt64Array.of(9007199254740993n, -9223372036854775808n),
    );
    expect(long('UINT64', '18446744073709551615,0')).toEqual(BigUint64Array.of(18446744073709551615n, 0n));
    const refused = (datatype: string, data: string) => problem(() => long(datatype, data));
    expect(refused('INT64', '9223372036854775808,1')).toMatch(/element 0 of 'x' is 9223372036854775808/);
    expect(refused('UINT64', '1,-1')).toMatch(/element 1/);
    // What nobody can tell from its neighbour.
    expect(refused('INT64', '1e18,1')).toMatch(/in digits/);
    expect(refused('INT64', '1.5,1')).toMatch(/is 1.5/);
    expect(refused('INT64', `${'9'.repeat(100_000)},1`)).toMatch(/INT64 takes/);
  });

  test('floats beside a 64-bit tensor are floats', () => {
    const both =
      '{"inputs":[{"name":"a","datatype":"INT64","shape":[1],"data":[9007199254740993]},{"name":"b","datatype":"FP64","shape":[1],"data":[90071992547409920]}]}';
    expect(decodeRequest(json(both), null).inputs[1]?.data).toEqual(Float64Array.of(90071992547409920));
  });

  test('id, outputs and how they are wanted', () => {
    const request = decodeRequest(
      json({
        id: 'a',
        inputs: [input],
        outputs: [{ name: 'p', parameters: { binary_data: true } }, { name: 'q' }],
        parameters: { binary_data_output: false },
      }),
      null,
    );
    expect(request).toMatchObject({ id: 'a', outputs: ['p', 'q'] });
    expect(['p', 'q'].map(request.isBinary)).toEqual([true, false]);
    const all = decodeRequest(json({ inputs: [input], parameters: { binary_data_output: true } }), null);
    expect(all.outputs).toBeUndefined();
    expect(all.isBinary('any')).toBe(true);
    const own = decodeRequest(
      json({
        inputs: [input],
        outputs: [{ name: 'p', parameters: { binary_data: false } }],
        parameters: { binary_data_output: true },
      }),
      null,
    );
    expect(own.isBinary('p')).toBe(false);
  });

  test.each([
    ['no object', [1], /no object/],
    ['no inputs', {}, /inputs is missing/],
    ['none', { inputs: [] }, /empty/],
    ['two of a name', { inputs: [input, input] }, /two inputs are called 'x'/],
    [
      'two outputs of a name',
      { inputs: [input], outputs: [{ name: 'y' }, { name: 'y' }] },
      /two outputs are called 'y'/,
    ],
    ['no name', { inputs: [{ ...input, name: '' }] }, /inputs\[0\] has the name ""/],
    ['unknown datatype', { inputs: [{ ...input, datatype: 'FLOAT' }] }, /"FLOAT", which is none of BOOL/],
    ['a datatype of Object', { inputs: [{ ...input, datatype: 'toString' }] }, /none of BOOL/],
    ['no shape', { inputs: [{ ...input, shape: undefined }] }, /shape of 'x' is missing/],
    ['negative size', { inputs: [{ ...input, shape: [-2] }] }, /size -2/],
    ['half a size', { inputs: [{ ...input, shape: [1.5] }] }, /size 1.5/],
    ['a product that overflows', { inputs: [{ ...input, shape: [16, 2 ** 52] }] }, /more than 2147483647/],
    [
      'nothing, two thousand million times',
      { inputs: [{ ...input, shape: [0, 2 ** 40], data: [] }] },
      /more than/,
    ],
    ['too many dimensions', { inputs: [{ ...input, shape: new Array(40).fill(1) }] }, /40 dimensions/],
    ['too short', { inputs: [{ ...input, data: [1] }] }, /a list of 1 .*shape \[2\]/],
    ['too long', { inputs: [{ ...input, data: [1, 2, 3] }] }, /a list of 3/],
    ['too deep', { inputs: [{ ...input, data: [[1], [2]] }] }, /a list; FP32/],
    ['ragged', { inputs: [{ ...input, shape: [2, 2], data: [[1, 2], [3]] }] }, /a list of 1 in dimension 1/],
    ['no data', { inputs: [{ ...input, data: undefined }] }, /data of 'x' is missing/],
    ['text for a number', { inputs: [{ ...input, data: ['1', 2] }] }, /element 0 of 'x' is "1"/],
    ['beyond the float', { inputs: [{ ...input, data: [1e39, 2] }] }, /1e\+39; FP32/],
    ['beyond the half', { inputs: [{ ...input, datatype: 'FP16', data: [70000, 2] }] }, /FP16/],
    ['beyond the byte', { inputs: [{ ...input, datatype: 'UINT8', data: [256, 2] }] }, /from 0 to 255/],
    ['a number for a text', { inputs: [{ ...input, datatype: 'BYTES' }] }, /BYTES takes texts/],
    ['two for a truth', { inputs: [{ ...input, datatype: 'BOOL' }] }, /element 1 .* true and false/],
    ['null for a whole number', { inputs: [{ ...input, datatype: 'INT32', data: [null, 1] }] }, /is null/],
    ['a list as parameter', { inputs: [{ ...input, parameters: { a: [] } }] }, /parameter 'a'/],
    [
      'bytes without a header',
      { inputs: [{ name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } }] },
      /no header Inference-Header-Content-Length/,
    ],
    ['shared memory', { inputs: [{ ...input, parameters: { shared_memory_region: 'r' } }] }, /shared memory/],
    [
      'classification',
      { inputs: [input], outputs: [{ name: 'y', parameters: { classification: 2 } }] },
      /classification/,
    ],
    ['an id that is a number', { id: 5, inputs: [input] }, /the id is 5/],
    ['an id without end', { id: 'x'.repeat(201), inputs: [input] }, /at most 200/],
  ])('%s is refused', (_what, body, expected) => {
    expect(problem(() => decodeRequest(json(body), null))).toMatch(expected);
  });

  test.each([
    ['nothing', '', /not JSON/],
    ['half', '{"inputs":[', /not JSON/],
    ['NaN', '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[NaN]}]}', /JSON has no NaN/],
    [
      'infinity',
      '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[-Infinity]}]}',
      /JSON has no NaN/,
    ],
    [
      'a number beyond all',
      '{"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":[1e400]}]}',
      /FP64 takes/,
    ],
    ['ten thousand levels', `{"inputs":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, /no object/],
    ['a million levels', '['.repeat(1_000_000), /not JSON/],
    [
      'levels in the data',
      `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":${'['.repeat(10_000)}${']'.repeat(10_000)}}]}`,
      /a list; FP32/,
    ],
    [
      'levels beside a long number',
      `{"inputs":[{"name":"INT64","id":1234567890123456789,"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`,
      /nested too deeply/,
    ],
  ])('%s is refused', (_what, text, expected) => {
    expect(problem(() => decodeRequest(json(text), null))).toMatch(expected);
  });

  test('that is no UTF-8 is refused', () => {
    expect(problem(() => decodeRequest(Buffer.from([0x22, 0xff, 0x22]), null))).toMatch(/no UTF-8/);
  });

  test('null is NaN of a float', () => {
    expect(dataOf(decodeRequest(asked({ ...input, data: [null, 1] }), null))).toEqual(
      Float32Array.of(Number.NaN, 1),
    );
  });
});

describe('a request with binary tensors', () => {
  const floats = { name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } };
  const tail = bytesOf(Float32Array.of(1, 2));

  test('takes them in their order, beside tensors in JSON', () => {
    const longs = { name: 'z', datatype: 'INT64', shape: [1], parameters: { binary_data_size: 8 } };
    const [body, header] = binary(
      { inputs: [floats, { ...input, name: 'y' }, longs] },
      tail,
      bytesOf(BigInt64Array.of(-5n)),
    );
    expect(decodeRequest(body, header).inputs.map(({ data }) => data)).toEqual([
      Float32Array.of(1, 2),
      Float32Array.of(1, 2),
      BigInt64Array.of(-5n),
    ]);
  });

  test('lays an array over them where they are aligned', () => {
    const [body, header] = binary({ inputs: [floats] }, tail);
    const placed = (shift: number) => {
      const memory = Buffer.alloc(body.length + 16);
      const at = ((8 - ((memory.byteOffset + header) % 8)) % 8) + shift;
      body.copy(memory, at);
      const data = dataOf(decodeRequest(memory.subarray(at, at + body.length), header)) as Float32Array;
      expect(data).toEqual(Float32Array.of(1, 2));
      return data.buffer === memory.buffer;
    };
    expect(placed(0)).toBe(true);
    expect(placed(1)).toBe(false);
  });

  const text = (...lengthsAndBytes: (number | string)[]) =>
    Buffer.concat(
      lengthsAndBytes.map((part) =>
        typeof part === 'number' ? bytesOf(Uint32Array.of(part)) : Buffer.from(part),
      ),
    );
  const texts = (size: number, count: number) => ({
    name: 'x',
    datatype: 'BYTES',
    shape: [count],
    parameters: { binary_data_size: size },
  });

  test.each<[string, [Buffer, number], RegExp]>([
    ['a header beyond the body', [json('{}'), 100], /100, but the body has 2/],
    ['a header within the JSON', [asked(input), 5], /not JSON/],
    [
      'fewer bytes than said',
      binary({ inputs: [floats] }, tail.subarray(1)),
      /said to have 8 bytes, but 7 are left/,
    ],
    ['more bytes than said', binary({ inputs: [floats] }, tail, tail), /8 bytes after its last tensor/],
    [
      'bytes that do not fit the shape',
      binary({ inputs: [{ ...floats, shape: [3] }] }, tail),
      /8 bytes, but 3 elements of FP32 are 12/,
    ],
    [
      'a negative size',
      binary({ inputs: [{ ...floats, parameters: { binary_data_size: -8 } }] }, tail),
      /-8, no number of bytes/,
    ],
    ['data and bytes', binary({ inputs: [{ ...floats, data: [1, 2] }] }, tail), /one of them/],
    [
      'an element beyond the end',
      binary({ inputs: [texts(8, 1)] }, text(0xffffffff, 'abcd')),
      /4294967295 bytes long, beyond its end/,
    ],
    [
      'more elements than there can be',
      binary({ inputs: [texts(8, 2_000_000_000)] }, text(4, 'abcd')),
      /cannot hold 2000000000/,
    ],
    ['an element too few', binary({ inputs: [texts(9, 2)] }, text(4, 'abcd', 'x')), /ends at element 1 of 2/],
    [
      'bytes after the last',
      binary({ inputs: [texts(9, 1)] }, text(4, 'abcd', 'x')),
      /1 bytes after its last/,
    ],
    [
      'a byte that is no truth',
      binary(
        { inputs: [{ name: 'x', datatype: 'BOOL', shape: [1], parameters: { binary_data_size: 1 } }] },
        Buffer.of(2),
      ),
      /BOOL/,
    ],
  ])('%s is refused', (_what, [body, header], expected) => {
    expect(problem(() => decodeRequest(body, header))).toMatch(expected);
  });
});

describe('a request of bytes alone', () => {
  const spec = (datatype: Datatype, shape: number[]) => [{ name: 'x', datatype, shape }];

  test('takes its shape from the model', () => {
    const body = bytesOf(Float32Array.of(1, 2, 3, 4));
    const request = decodeRawRequest(body, spec('FP32', [-1, 2]));
    expect(request.inputs).toEqual([
      { name: 'x', datatype: 'FP32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    ]);
    expect(request.isBinary('y')).toBe(true);
  });

  test('is one element of BYTES', () => {
    expect(decodeRawRequest(Buffer.from('any text'), spec('BYTES', [-1])).inputs).toEqual([
      { name: 'x', datatype: 'BYTES', shape: [1], data: ['any text'] },
    ]);
  });

  test('is refused where the bytes do not tell', () => {
    expect(
      problem(() => decodeRawRequest(Buffer.alloc(8), [...spec('FP32', [2]), ...spec('FP32', [2])])),
    ).toMatch(/one input/);
    expect(problem(() => decodeRawRequest(Buffer.alloc(8), spec('FP32', [-1, -1])))).toMatch(/2 sizes/);
    expect(problem(() => decodeRawRequest(Buffer.alloc(9), spec('FP32', [-1])))).toMatch(/9 bytes/);
    expect(problem(() => decodeRawRequest(Buffer.alloc(9), spec('FP32', [0, -1])))).toMatch(/9 bytes/);
    expect(problem(() => decodeRawRequest(Buffer.alloc(9), spec('BYTES', [2])))).toMatch(/one element/);
  });
});
