import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildOnnx, elementTypes, type OnnxGraph, type OnnxValue } from '../../testing/onnx-models.ts';
import type { Runtime } from './inference.ts';
import { openRuntime } from './runtimes.ts';
import type { Datatype, Tensor, TensorData } from './tensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemill-onnx-'));
const opened: Runtime[] = [];
afterAll(async () => {
  await Promise.all(opened.map((runtime) => runtime.close()));
  rmSync(folder, { recursive: true });
});

let files = 0;
async function open(graph: OnnxGraph, kind: 'onnx' | 'onnx-process' = 'onnx'): Promise<Runtime> {
  files += 1;
  const path = join(folder, `${files}.onnx`);
  writeFileSync(path, buildOnnx(graph));
  const runtime = await openRuntime({ kind, model: 'odd@1', path });
  opened.push(runtime);
  return runtime;
}

const value = (name: string, type: OnnxValue['type'], ...shape: readonly (number | string)[]): OnnxValue => ({
  name,
  type,
  shape,
});
const same = (input: string, output: string) => ({
  operator: 'Identity',
  inputs: [input],
  outputs: [output],
});

const extremes: Readonly<Record<Datatype, TensorData>> = {
  BOOL: Uint8Array.of(1, 0),
  UINT8: Uint8Array.of(255, 0),
  UINT16: Uint16Array.of(65_535, 0),
  UINT32: Uint32Array.of(4_294_967_295, 0),
  UINT64: BigUint64Array.of(18_446_744_073_709_551_615n, 0n),
  INT8: Int8Array.of(-128, 127),
  INT16: Int16Array.of(-32_768, 32_767),
  INT32: Int32Array.of(-2_147_483_648, 2_147_483_647),
  INT64: BigInt64Array.of(-9_223_372_036_854_775_808n, 9_007_199_254_740_993n),
  // 1 and infinity.
  FP16: Uint16Array.of(0x3c00, 0x7c00),
  FP32: Float32Array.of(Number.NaN, -0.1),
  FP64: Float64Array.of(0.1, Number.NEGATIVE_INFINITY),
  BYTES: ['Zürich 🏔', ''],
};
const types = Object.keys(elementTypes) as Datatype[];

describe('tensors', () => {
  it.each(['onnx', 'onnx-process'] as const)(
    'of every datatype, several at once, keep each bit (%s)',
    async (kind) => {
      const runtime = await open(
        {
          nodes: types.map((type) => same(`in-${type}`, `out-${type}`)),
          inputs: types.map((type) => value(`in-${type}`, type, 'n', 2)),
          outputs: types.map((type) => value(`out-${type}`, type, 'n', 2)),
        },
        kind,
      );
      expect(runtime.signature.inputs).toEqual(
        types.map((datatype) => ({ name: `in-${datatype}`, datatype, shape: [-1, 2] })),
      );
      const inputs = types.map(
        (datatype): Tensor => ({ name: `in-${datatype}`, datatype, shape: [1, 2], data: extremes[datatype] }),
      );
      const outputs = await runtime.infer(inputs.toReversed());
      expect(outputs).toEqual(
        types.map((datatype) => ({
          name: `out-${datatype}`,
          datatype,
          shape: [1, 2],
          data: extremes[datatype],
        })),
      );
      const some = await runtime.infer(inputs, ['out-BYTES', 'out-FP16']);
      expect(some.map(({ name }) => name)).toEqual(['out-BYTES', 'out-FP16']);
      const wrong = inputs.with(0, { ...(inputs[0] as Tensor), datatype: 'FP64', data: new Float64Array(2) });
      await expect(runtime.infer(wrong)).rejects.toThrow(
        "The model takes 'in-FP32' as FP32 of shape [-1, 2], but was given 'in-FP32' as FP64 of shape [1, 2]",
      );
      await expect(runtime.infer(inputs.slice(1))).rejects.toThrow("no 'in-FP32'");
      await expect(runtime.infer([...inputs, { ...(inputs[0] as Tensor), name: 'more' }])).rejects.toThrow(
        "'more' too",
      );
    },
  );

  it('of any number of dimensions and of none, and of no rows', async () => {
    const runtime = await open({
      nodes: [same('image', 'copy'), same('threshold', 'kept')],
      inputs: [value('image', 'FP32', 'n', 2, 'width'), value('threshold', 'FP32')],
      outputs: [value('copy', 'FP32', 'n', 2, 'width'), value('kept', 'FP32')],
    });
    const threshold: Tensor = { name: 'threshold', datatype: 'FP32', shape: [], data: Float32Array.of(0.5) };
    for (const [n, width] of [
      [2, 3],
      [0, 3],
    ] as const) {
      const image: Tensor = {
        ...{ name: 'image', datatype: 'FP32', shape: [n, 2, width] },
        data: new Float32Array(n * 2 * width),
      };
      expect(await runtime.infer([image, threshold])).toMatchObject([
        { name: 'copy', shape: [n, 2, width] },
        { name: 'kept', shape: [] },
      ]);
    }
  });

  it('of a classifier: a column per class, where a converter left maps', async () => {
    const graph: OnnxGraph = {
      nodes: [
        { operator: 'Softmax', inputs: ['x'], outputs: ['tensor'] },
        {
          ...{
            operator: 'ZipMap',
            domain: 'ai.onnx.ml',
            inputs: ['tensor'],
            outputs: ['output_probability'],
          },
          attributes: { classlabels_int64s: [0, 1, 300] },
        },
        { operator: 'ArgMax', inputs: ['x'], outputs: ['output_label'] },
      ],
      inputs: [value('x', 'FP32', 'n', 3)],
      outputs: [value('output_label', 'INT64', 1, 3), value('output_probability', 'map')],
    };
    const runtime = await open(graph);
    expect(runtime.signature.outputs[1]).toEqual({
      ...{ name: 'output_probability', datatype: 'FP32', shape: [-1, 3] },
    });
    const values = await runtime.predict(Float32Array.of(0, 0, Math.log(2)), 1, 3);
    expect([...values].map((each) => each.toFixed(3))).toEqual(['0.250', '0.250', '0.500']);
  });

  it('of columns of text and numbers, by name, also as rows and as a table', async () => {
    const columns: OnnxGraph = {
      nodes: [same('city', 'where'), { operator: 'Add', inputs: ['a', 'b'], outputs: ['sum'] }],
      inputs: [value('city', 'BYTES', 'n', 1), value('a', 'FP32', 'n', 1), value('b', 'FP32', 'n', 1)],
      outputs: [value('where', 'BYTES', 'n', 1), value('sum', 'FP32', 'n', 1)],
    };
    const runtime = await open(columns);
    const given = new Map<string, Float64Array | string[]>([
      ['b', Float64Array.of(10, 20)],
      ['a', Float64Array.of(1, 2)],
      ['city', ['Zürich', 'Bern']],
    ]);
    expect(await runtime.predictTable?.(given, 2)).toEqual({
      names: ['where', 'sum'],
      columns: [['Zürich', 'Bern'], Float64Array.of(11, 22)],
    });
    await expect(runtime.predictTable?.(new Map([...given].slice(1)), 2)).rejects.toThrow("the column 'b'");
    const numbers = await open({
      ...{ nodes: columns.nodes.slice(1), inputs: columns.inputs.slice(1) },
      outputs: columns.outputs.slice(1),
    });
    expect([...(await numbers.predict(Float32Array.of(1, 10, 2, 20), 2, 2))]).toEqual([11, 22]);
    await expect(runtime.predict(Float32Array.of(1, 10, 2), 1, 3)).rejects.toMatchObject({
      code: 'modelInputInvalid',
    });
    const bytes: Tensor = { name: 'city', datatype: 'BYTES', shape: [1], data: [Uint8Array.of(255)] };
    const one = (name: string): Tensor => ({ name, datatype: 'FP32', shape: [1], data: new Float32Array(1) });
    await expect(runtime.infer([bytes, one('a'), one('b')])).rejects.toThrow("'city' as UTF-8 text");
  });

  it('that a model cannot compute are told in its words, and it goes on', async () => {
    const runtime = await open({
      nodes: [{ operator: 'Add', inputs: ['a', 'b'], outputs: ['sum'] }],
      inputs: [value('a', 'FP32', 'n'), value('b', 'FP32', 'm')],
      outputs: [value('sum', 'FP32', 'n')],
    });
    const of = (name: string, ...data: number[]): Tensor => ({
      ...{ name, datatype: 'FP32', shape: [data.length], data: Float32Array.from(data) },
    });
    await expect(runtime.infer([of('a', 1, 2), of('b', 1, 2, 3)])).rejects.toMatchObject({
      code: 'modelRaised',
      message: expect.stringContaining('odd@1'),
    });
    expect((await runtime.infer([of('a', 1, 2), of('b', 1, 2)]))[0]?.data).toEqual(Float32Array.of(2, 4));
  });
});
