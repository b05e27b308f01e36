import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildOnnx, buildTinyOnnx } from '../../testing/onnx-models.ts';
import { describeRuntime } from './inference-suite.ts';
import { openOnnx } from './onnx.ts';
import { openRuntime } from './runtimes.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemill-thread-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const model = 'tiny@1';
const tiny = write('tiny.onnx', buildTinyOnnx([2, 3], 1));

describeRuntime('onnx on a thread', () => openOnnx({ kind: 'onnx', model, path: tiny }, { largestHere: 0 }));
describeRuntime('onnx, each request on a thread', () =>
  openOnnx({ kind: 'onnx', model, path: tiny }, { longestHereMs: 0 }),
);

/** Some 30 MFLOP a row. */
function buildHeavy(): Uint8Array {
  const width = 600;
  const steps = Array.from({ length: 40 }, (_, i) => i);
  return buildOnnx({
    nodes: steps.map((i) => ({ operator: 'MatMul', inputs: [`h${i}`, 'w'], outputs: [`h${i + 1}`] })),
    inputs: [{ name: 'h0', type: 'FP32', shape: ['n', width] }],
    outputs: [{ name: `h${steps.length}`, type: 'FP32', shape: ['n', width] }],
    constants: { w: { shape: [width, width], values: new Float32Array(width * width).fill(1 / width) } },
  });
}

describe('a heavy model', () => {
  it('does not hold up the loop, and a request that is given up is let go', async () => {
    const runtime = await openOnnx({
      kind: 'onnx',
      model: 'heavy@1',
      path: write('heavy.onnx', buildHeavy()),
    });
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 5);
    const start = performance.now();
    const values = await runtime.predict(new Float32Array(600 * 1000).fill(1), 1000, 600);
    const tookMs = performance.now() - start;
    clearInterval(timer);
    expect(values[0]).toBeCloseTo(1, 3);
    expect(tookMs).toBeGreaterThan(40);
    // Held up, there would be none.
    expect(ticks).toBeGreaterThan(tookMs / 5 / 5);
    const late = runtime.predict(new Float32Array(600 * 1000), 1000, 600, AbortSignal.timeout(5));
    await expect(late).rejects.toMatchObject({ code: 'computeCancelled' });
    await runtime.close();
  });
});

describe('what is no model for us says why', () => {
  const value = (name: string) => ({ name, type: 'FP32', shape: ['n', 2] }) as const;
  const withNode = (operator: string, domain?: string) =>
    buildOnnx({
      nodes: [{ operator, inputs: ['x'], outputs: ['y'], ...(domain ? { domain } : {}) }],
      inputs: [value('x')],
      outputs: [value('y')],
    });
  const whole = buildTinyOnnx([2, 3], 1);
  it.each([
    ['empty', '', 'its file is empty'],
    [
      'random',
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251),
      'its file of 5000 bytes is no ONNX model',
    ],
    ['cut short', whole.subarray(0, whole.length / 2), 'or only a part of one'],
    ['of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\n', 'is no ONNX model'],
    ['with an unknown operator', withNode('Frobnicate'), "the operator 'Frobnicate'"],
    ['with a custom operator', withNode('Frob', 'com.acme'), "the operator 'com.acme"],
  ])('%s', async (name, bytes, said) => {
    const path = write(`${name}.onnx`, bytes);
    for (const open of [
      () => openRuntime({ kind: 'onnx', model, path }),
      () => openOnnx({ kind: 'onnx', model, path }, { largestHere: 0 }),
    ])
      await expect(open()).rejects.toMatchObject({
        code: 'modelUnreadable',
        message: expect.stringContaining(said),
      });
  });

  it('with maps for its only output', async () => {
    const path = write(
      'maps.onnx',
      buildOnnx({
        nodes: [
          {
            ...{ operator: 'ZipMap', domain: 'ai.onnx.ml', inputs: ['x'], outputs: ['y'] },
            attributes: { classlabels_int64s: [0, 1] },
          },
        ],
        inputs: [value('x')],
        outputs: [{ name: 'y', type: 'map', shape: [] }],
      }),
    );
    const runtime = await openRuntime({ kind: 'onnx', model, path });
    expect([...(await runtime.predict(Float32Array.of(0.25, 0.75), 1, 2))]).toEqual([0.25, 0.75]);
    await runtime.close();
  });
});

it('a small model is loaded in less than 100 ms', async () => {
  const times: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    const start = performance.now();
    const runtime = await openRuntime({ kind: 'onnx', model, path: tiny });
    await runtime.predict(Float32Array.of(1, 1), 1, 2);
    times.push(performance.now() - start);
    await runtime.close();
  }
  const median = times.toSorted((a, b) => a - b)[2] ?? 0;
  console.info(`loaded and first answered in ${median.toFixed(1)} ms (median of 5)`);
  expect(median).toBeLessThan(100);
});
