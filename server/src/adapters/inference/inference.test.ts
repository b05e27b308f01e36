import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { buildTinyOnnx } from '../../testing/onnx-models.ts';
import { describeRuntime } from './inference-suite.ts';
import { openOnnxProcess } from './onnx-process.ts';
import { openRuntime } from './runtimes.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemill-inference-'));
const path = join(folder, 'tiny.onnx');
writeFileSync(path, buildTinyOnnx([2, 3], 1));
const model = 'tiny@1';
const row = Float32Array.of(1, 1);

afterAll(() => rmSync(folder, { recursive: true }));

describeRuntime('onnx', () => openRuntime({ kind: 'onnx', model, path }));
describeRuntime('onnx-process', () => openRuntime({ kind: 'onnx-process', model, path }));
describeRuntime('rule', () =>
  openRuntime({ kind: 'rule', model, expression: '2 * a + 3 * b + 1', featureNames: ['a', 'b'] }),
);

describe('models that cannot be loaded', () => {
  it.each(['onnx', 'onnx-process'] as const)('are named by %s', async (kind) => {
    const broken = join(folder, 'broken.onnx');
    writeFileSync(broken, 'nonsense');
    for (const source of [
      { kind, model, path: broken },
      { kind, model, path: join(folder, 'missing.onnx') },
      { kind, model, path, output: 'nope' },
    ])
      await expect(openRuntime(source)).rejects.toMatchObject({
        code: 'modelUnreadable',
        message: expect.stringContaining('tiny@1'),
      });
  });

  it('are named by rule', async () => {
    const source = { kind: 'rule', model, expression: 'a + nope', featureNames: ['a'] } as const;
    await expect(openRuntime(source)).rejects.toThrow("there is no 'nope'; known are a");
  });
});

describe('a killed process', () => {
  it('fails what is outstanding, comes back and predicts again', async () => {
    const runtime = await openOnnxProcess({ kind: 'onnx-process', model, path });
    const { pid = 0 } = runtime.describe();
    process.kill(pid, 'SIGSTOP');
    const outstanding = Promise.allSettled([1, 2, 3].map(() => runtime.predict(row, 1, 2)));
    process.kill(pid, 'SIGKILL');
    for (const reply of await outstanding)
      expect(reply).toMatchObject({ status: 'rejected', reason: { code: 'runtimeUnavailable' } });
    expect(runtime.describe().state).toBe('dead');
    await expect(runtime.predict(row, 1, 2)).rejects.toThrow('being started again');
    await vi.waitUntil(() => runtime.describe().state === 'ready', { timeout: 20_000 });
    expect([...(await runtime.predict(row, 1, 2))]).toEqual([6]);
    expect(runtime.describe()).toMatchObject({ restarts: 1 });
    expect(runtime.describe().pid).not.toBe(pid);
    await runtime.close();
  });

  it('that hangs is killed and replaced; too many predictions are refused, aborted ones let go', async () => {
    const options = { maxOutstanding: 2, stuckAfterMs: 300 };
    const runtime = await openOnnxProcess({ kind: 'onnx-process', model, path }, options);
    const stop = new AbortController();
    process.kill(runtime.describe().pid ?? 0, 'SIGSTOP');
    const stuck = runtime.predict(row, 1, 2);
    const aborted = runtime.predict(row, 1, 2, stop.signal);
    await expect(runtime.predict(row, 1, 2)).rejects.toThrow('2 predictions are under way');
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'computeCancelled' });
    await expect(stuck).rejects.toMatchObject({ code: 'runtimeUnavailable' });
    await vi.waitUntil(() => runtime.describe().state === 'ready', { timeout: 20_000 });
    expect([...(await runtime.predict(row, 1, 2))]).toEqual([6]);
    await runtime.close();
  });
});
