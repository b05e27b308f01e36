// The real MLServer. TIDEMILL_TEST_MLSERVER names a python that has it.
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTempDir } from '../../testing/temp-dir.ts';
import { resolveByDns } from '../network/network.ts';
import type { Runtime } from './inference.ts';
import { describeRuntime } from './inference-suite.ts';
import { openRemote } from './remote.ts';

const python = process.env.TIDEMILL_TEST_MLSERVER ?? '';
if (python === '') console.warn('SKIPPED: MLServer. npm test makes its environment; see CONTRIBUTING.md.');
const temp = await createTempDir();
const patience = 120_000;
vi.setConfig({ testTimeout: patience, hookTimeout: patience });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let url = '';
let child: ChildProcess | undefined;
let output = '';

async function start(): Promise<void> {
  child = spawn(python, ['-c', 'from mlserver.cli import main; main()', 'start', temp.path], {
    cwd: temp.path,
    env: { ...process.env, PYTHONPATH: temp.path, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part) => {
      output = `${output}${part}`.slice(-4000);
    });
  const isReady = async (): Promise<boolean> => {
    if (child?.exitCode !== null) throw new Error(output);
    return fetch(`${url}/v2/models/tiny/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await vi.waitUntil(isReady, { timeout: patience, interval: 200 });
}

const open = (change: { name?: string; requestMs?: number } = {}): Promise<Runtime> =>
  openRemote(
    { kind: 'remote', model: 'far@1', url, name: change.name ?? 'tiny' },
    {
      ...{ allowPrivate: true, resolve: resolveByDns, healthMs: 200 },
      ...(change.requestMs ? { requestMs: change.requestMs } : {}),
    },
  );

describe.skipIf(python === '')('MLServer', () => {
  beforeAll(async () => {
    const [port, grpc, metrics] = [await freePort(), await freePort(), await freePort()];
    url = `http://127.0.0.1:${port}`;
    await copyFile(
      join(import.meta.dirname, '../../testing/mlserver_tiny.py'),
      join(temp.path, 'mlserver_tiny.py'),
    );
    const settings = {
      host: '127.0.0.1',
      http_port: port,
      grpc_port: grpc,
      metrics_port: metrics,
      parallel_workers: 0,
    };
    await writeFile(join(temp.path, 'settings.json'), JSON.stringify(settings));
    const models = {
      tiny: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
      },
      // As most are: MLServer knows nothing of what they take.
      plain: {},
    };
    for (const [name, told] of Object.entries(models)) {
      await mkdir(join(temp.path, name));
      const about = { name, implementation: 'mlserver_tiny.Tiny', ...told };
      await writeFile(join(temp.path, name, 'model-settings.json'), JSON.stringify(about));
    }
    await start();
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await temp.remove();
  });

  describeRuntime('remote, MLServer', () => open());

  it('answers a model that says nothing of itself, texts and 64-bit integers', async () => {
    const runtime = await open({ name: 'plain' });
    expect(runtime.signature).toEqual({ inputs: [], outputs: [] });
    expect([...(await runtime.predict(Float32Array.of(1, 1, 0, 0), 2, 2))]).toEqual([6, 1]);
    const data = BigInt64Array.of(9_007_199_254_740_993n, -1n);
    for (const tensor of [
      { name: 'echo', datatype: 'INT64', shape: [2], data },
      { name: 'echo', datatype: 'BYTES', shape: [1], data: ['Zürich'] },
    ] as const)
      expect(await runtime.infer([tensor])).toEqual([tensor]);
    await runtime.close();
  });

  it('is told when a model raises, hangs, or the server dies, and answers again once it is back', async () => {
    const runtime = await open({ requestMs: 1500 });
    const ask = (a: number) => runtime.predict(Float32Array.of(a, 1), 1, 2);
    await expect(ask(404)).rejects.toMatchObject({
      code: 'modelRaised',
      message: expect.stringContaining('no such street'),
    });
    await expect(ask(503)).rejects.toThrow('it took longer than 1.5 seconds');
    await expect(open({ name: 'nobody' })).rejects.toMatchObject({ code: 'modelUnreadable' });
    await expect(ask(500)).rejects.toMatchObject({ code: 'runtimeUnavailable' });
    expect(runtime.describe()).toMatchObject({
      state: 'dead',
      lastEnd: expect.stringContaining('does not answer'),
    });
    await start();
    await vi.waitUntil(() => runtime.describe().state === 'ready', { timeout: 20_000 });
    expect([...(await ask(1))]).toEqual([6]);
    await runtime.close();
  });
});
