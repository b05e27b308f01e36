import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runtime } from './inference.ts';

type Write = (writer: BinaryWriter) => void;

const part = (writer: BinaryWriter, field: number, write: Write): void => {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
};
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);
const number = (writer: BinaryWriter, field: number, value: number) =>
  writer.tag(field, WireType.Varint).int64(value);

function node(writer: BinaryWriter, operator: string, inputs: readonly string[], output: string): void {
  part(writer, 1, (w) => {
    for (const input of inputs) text(w, 1, input);
    text(w, 2, output);
    text(w, 4, operator);
  });
}

function constant(writer: BinaryWriter, name: string, shape: readonly number[], values: Float32Array): void {
  part(writer, 5, (w) => {
    for (const size of shape) number(w, 1, size);
    number(w, 2, 1);
    text(w, 8, name);
    w.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(values.buffer));
  });
}

function tensor(writer: BinaryWriter, field: number, name: string, width: number): void {
  part(writer, field, (value) => {
    text(value, 1, name);
    part(value, 2, (type) =>
      part(type, 1, (t) => {
        number(t, 1, 1);
        part(t, 2, (shape) => {
          part(shape, 1, (rows) => text(rows, 2, 'rows'));
          part(shape, 1, (columns) => number(columns, 1, width));
        });
      }),
    );
  });
}

/** A linear model as ONNX bytes: each row times the weights, plus the bias. */
export function buildTinyOnnx(weights: readonly number[], bias: number): Uint8Array {
  const writer = new BinaryWriter();
  number(writer, 1, 8);
  part(writer, 7, (graph) => {
    node(graph, 'MatMul', ['x', 'w'], 'product');
    node(graph, 'Add', ['product', 'b'], 'y');
    text(graph, 2, 'tiny');
    constant(graph, 'w', [weights.length, 1], Float32Array.from(weights));
    constant(graph, 'b', [1], Float32Array.of(bias));
    tensor(graph, 11, 'x', weights.length);
    tensor(graph, 12, 'y', 1);
  });
  part(writer, 8, (opset) => number(opset, 2, 17));
  return writer.finish();
}

/** Every kind must pass: `open` gives a runtime that computes 2a + 3b + 1. */
export function describeRuntime(name: string, open: () => Promise<Runtime>): void {
  describe(`runtime [${name}]`, () => {
    let runtime: Runtime;

    beforeAll(async () => {
      runtime = await open();
    });

    afterAll(() => runtime.close());

    it('predicts row by row', async () => {
      const values = await runtime.predict(Float32Array.of(1, 1, 0, 0, -1, 2), 3, 2);
      expect([...values]).toEqual([6, 1, 5]);
    });

    it('keeps many predictions apart', async () => {
      const replies = await Promise.all(
        Array.from({ length: 200 }, (_, i) => runtime.predict(Float32Array.of(i, 0), 1, 2)),
      );
      expect(replies.map((values) => values[0])).toEqual(Array.from({ length: 200 }, (_, i) => 2 * i + 1));
    });

    it('refuses rows of another shape and goes on', async () => {
      for (const [rows, rowCount, featureCount] of [
        [Float32Array.of(1, 2, 3), 1, 3],
        [Float32Array.of(1, 2, 3), 1, 2],
        [new Float32Array(0), 0, 2],
      ] as const)
        await expect(runtime.predict(rows, rowCount, featureCount)).rejects.toMatchObject({
          code: 'modelInputInvalid',
        });
      expect([...(await runtime.predict(Float32Array.of(1, 1), 1, 2))]).toEqual([6]);
    });

    it('does not start what is no longer wanted', async () => {
      const predicted = runtime.predict(Float32Array.of(1, 1), 1, 2, AbortSignal.abort());
      await expect(predicted).rejects.toMatchObject({ code: 'computeCancelled' });
    });

    it('says what it is, and refuses work once closed', async () => {
      expect(runtime.describe()).toMatchObject({ kind: runtime.kind, state: 'ready', restarts: 0 });
      const other = await open();
      await other.close();
      await other.close();
      await expect(other.predict(Float32Array.of(1, 1), 1, 2)).rejects.toMatchObject({
        code: 'runtimeUnavailable',
      });
    });
  });
}
