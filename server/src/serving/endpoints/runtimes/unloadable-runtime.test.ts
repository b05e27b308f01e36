import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Runtime } from '../../../adapters/inference/inference.ts';
import { openRuntime } from '../../../adapters/inference/runtimes.ts';
import { buildTinyOnnx } from '../../../testing/onnx-models.ts';
import { tempDir } from '../../../testing/temp-dir.ts';
import { openUnloadable, type UnloadableRuntime } from './unloadable-runtime.ts';

/** `2a + 1` by onnxruntime, with a count of how often it was opened and a switch that makes opening fail. */
async function build(): Promise<{
  runtime: UnloadableRuntime;
  opened: Runtime[];
  fail: (value: boolean) => void;
}> {
  const path = join(await tempDir(), 'model.onnx');
  await writeFile(path, buildTinyOnnx([2], 1));
  const opened: Runtime[] = [];
  let isFailing = false;
  const runtime = await openUnloadable('m@1', async () => {
    if (isFailing) throw new Error('the disk is gone');
    const made = await openRuntime({ kind: 'onnx', model: 'm@1', path });
    opened.push(made);
    return made;
  });
  onTestFinished(() => runtime.close());
  return {
    runtime,
    opened,
    fail: (value) => {
      isFailing = value;
    },
  };
}
const ask = async (runtime: Runtime, a = 3) => [...(await runtime.predict(Float32Array.of(a), 1, 1))];

test('what is unloaded is closed, and loaded again by the first who asks', async () => {
  const { runtime, opened } = await build();
  expect(await ask(runtime)).toEqual([7]);
  await runtime.unload();
  expect(runtime.describe().state).toBe('unloaded');
  expect(opened[0]?.describe().state).toBe('dead');
  expect(await Promise.all([ask(runtime), ask(runtime, 1), ask(runtime, 0)])).toEqual([[7], [3], [1]]);
  expect(opened).toHaveLength(2);
  expect(runtime.describe().state).toBe('ready');
});

test('loading and unloading twice is fine', async () => {
  const { runtime, opened } = await build();
  await runtime.load();
  expect(opened).toHaveLength(1);
  await Promise.all([runtime.unload(), runtime.unload()]);
  await Promise.all([runtime.load(), runtime.load()]);
  expect(opened).toHaveLength(2);
});

test('what is computed while it is unloaded is answered', async () => {
  const { runtime, opened } = await build();
  const asked = Array.from({ length: 50 }, (_, a) => ask(runtime, a));
  await runtime.unload();
  expect(opened[0]?.describe().state).toBe('dead');
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, (_, a) => [2 * a + 1]));
  expect(opened).toHaveLength(1);
});

test('a load that fails fails the request, and is tried again by the next', async () => {
  const { runtime, fail } = await build();
  await runtime.unload();
  fail(true);
  await expect(ask(runtime)).rejects.toThrow('the disk is gone');
  await expect(runtime.load()).rejects.toThrow('the disk is gone');
  expect(runtime.describe().state).toBe('unloaded');
  fail(false);
  expect(await ask(runtime)).toEqual([7]);
});

test('what is closed stays closed, also what was being loaded', async () => {
  const { runtime, opened } = await build();
  await runtime.unload();
  const asked = ask(runtime);
  await runtime.close();
  await expect(asked).rejects.toMatchObject({ code: 'runtimeUnavailable' });
  await expect(ask(runtime)).rejects.toMatchObject({ code: 'runtimeUnavailable' });
  expect(opened.map((each) => each.describe().state)).toEqual(['dead', 'dead']);
});
