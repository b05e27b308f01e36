import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runtime } from './inference.ts';
import type { Tensor } from './tensors.ts';

/** As one table and as its columns, in the two shapes that a column may have. */
const table: Tensor = {
  name: 'x',
  datatype: 'FP32',
  shape: [3, 2],
  data: Float32Array.of(1, 1, 0, 0, -1, 2),
};
const a: Tensor = { name: 'a', datatype: 'FP32', shape: [3], data: Float32Array.of(1, 0, -1) };
const b: Tensor = { name: 'b', datatype: 'FP32', shape: [3, 1], data: Float32Array.of(1, 0, 2) };

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

    it('says what it takes and gives', () => {
      const { inputs, outputs } = runtime.signature;
      const widths = inputs.map(({ shape }) => shape[1]);
      expect(widths.reduce((sum = 0, width = 0) => sum + width, 0)).toBe(2);
      expect(outputs).toEqual([
        expect.objectContaining({ datatype: expect.stringMatching(/^FP/), shape: expect.any(Array) }),
      ]);
    });

    it('takes tensors: one table, or its columns', async () => {
      for (const inputs of [[table], [a, b]]) {
        const [output, ...more] = await runtime.infer(inputs);
        expect([...(output?.data ?? [])]).toEqual([6, 1, 5]);
        expect(output?.shape[0]).toBe(3);
        expect(more).toEqual([]);
      }
      const name = runtime.signature.outputs[0]?.name ?? '';
      expect(await runtime.infer([table], [name])).toMatchObject([{ name }]);
    });

    it('refuses tensors of another kind, naming them, and goes on', async () => {
      const text: Tensor = { ...a, datatype: 'BYTES', data: ['1', '2', '3'] };
      for (const [inputs, said] of [
        [[{ ...table, shape: [2, 3] }], "'x'"],
        [[{ ...table, shape: [3, 2, 1] }], '[3, 2, 1]'],
        [[{ ...table, shape: [4, 2] }], "'x'"],
        [[{ ...table, shape: [-3, -2] }], "'x'"],
        [[{ ...table, data: new Float64Array(6) }], "'x'"],
        [[text, b], "'a'"],
        [[a, { ...b, shape: [3, 1], data: new Float32Array(2) }], "'b'"],
        [[], ''],
      ] as const)
        await expect(runtime.infer(inputs)).rejects.toMatchObject({
          code: 'modelInputInvalid',
          message: expect.stringContaining(said),
        });
      await expect(runtime.infer([table], ['nope'])).rejects.toMatchObject({
        code: 'modelInputInvalid',
        message: expect.stringContaining("'nope'"),
      });
      const aborted = runtime.infer([table], undefined, AbortSignal.abort());
      await expect(aborted).rejects.toMatchObject({ code: 'computeCancelled' });
      expect([...((await runtime.infer([table]))[0]?.data ?? [])]).toEqual([6, 1, 5]);
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
      for (const late of [() => other.predict(Float32Array.of(1, 1), 1, 2), () => other.infer([table])])
        await expect(late()).rejects.toMatchObject({ code: 'runtimeUnavailable' });
    });
  });
}
