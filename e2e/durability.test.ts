// What was acknowledged is there after kill -9; what was not finished was never there. By really doing it.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, createClient } from '../sdk/src/index.ts';
import { startServer, type TestServer, tidemill } from './cli-process.ts';

let folder = '';
let data = '';
let server: TestServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-durability-'));
  data = join(folder, 'data');
});

afterEach(async () => {
  await server?.kill();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<Client> {
  server = await startServer(data);
  return createClient({ url: server.url });
}

const rows = (count: number, seed: number) =>
  new TextEncoder().encode(
    ['id,value', ...Array.from({ length: count }, (_, i) => `${i},${i * seed}`), ''].join('\n'),
  );

/** One acknowledged write of each kind. */
async function write(client: Client, round: number) {
  const version = await client.datasets.commit({ name: 'numbers', format: 'csv', content: rows(500, round) });
  const experiment = await client.experiments.createExperiment({ name: 'durable' });
  const run = await client.experiments.createRun({ experimentId: experiment.id, name: `round ${round}` });
  const metrics = Array.from({ length: 100 }, (_, step) => ({ key: 'loss', value: step / round, step }));
  await client.experiments.logBatch({ id: run.id, parameters: { round: String(round) }, metrics });
  const token = await client.access.createToken({ name: `round-${round}`, role: 'viewer' });
  return { round, digest: version.digest, reference: version.reference, run: run.id, secret: token.secret };
}

type Written = Awaited<ReturnType<typeof write>>;

async function expectThere(url: string, written: Written): Promise<void> {
  // Asked by its own token, so that this too is shown to have survived.
  const client = createClient({ url, token: written.secret });
  expect((await client.access.whoami()).actor).toContain(`round-${written.round}`);
  const version = String(written.round);
  const found = await client.datasets.getVersion({ name: 'numbers', version });
  expect(found).toMatchObject({ digest: written.digest, reference: written.reference, rows: 500 });
  const download = await client.datasets.read({ name: 'numbers', version, format: 'json' });
  const chunks: Uint8Array[] = [];
  for await (const chunk of download.content) chunks.push(chunk);
  expect(JSON.parse(Buffer.concat(chunks).toString())).toContainEqual({
    id: 499,
    value: 499 * written.round,
  });
  expect((await client.experiments.getRun({ id: written.run })).parameters).toEqual({ round: version });
  const points = await client.experiments.metricHistory({ id: written.run, key: 'loss', limit: 1000 });
  expect(points.items.map((p) => p.value)).toEqual(Array.from({ length: 100 }, (_, i) => i / written.round));
}

test('three times: written, acknowledged, killed, started again on the same folder: all there', async () => {
  const written: Written[] = [];
  for (let round = 1; round <= 3; round++) {
    written.push(await write(await start(), round));
    await server?.kill();
  }
  await start();
  for (const one of written) await expectThere(server?.url ?? '', one);
  const actions = await createClient({ url: server?.url }).audit.list({ action: 'dataset.committed' });
  expect(actions.items).toHaveLength(3);
});

test('eight writers at once, killed in the middle: every metric that was acknowledged is there', async () => {
  const client = await start();
  const url = server?.url ?? '';
  const { id: experimentId } = await client.experiments.createExperiment({ name: 'crowd' });
  const runs = await Promise.all(
    Array.from({ length: 8 }, async () => (await client.experiments.createRun({ experimentId })).id),
  );
  const acknowledged = new Map(runs.map((run) => [run, 0]));
  /** One after the other, as a training loop does, until the server is gone. */
  async function logOn(run: string): Promise<void> {
    for (let step = 1; ; step++) {
      const body = JSON.stringify({ run_id: run, key: 'loss', value: 1 / step, timestamp: step, step });
      const reply = await fetch(`${url}/api/2.0/mlflow/runs/log-metric`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      }).catch(() => null);
      if (reply?.status !== 200) return;
      acknowledged.set(run, step);
      if (run === runs[0] && step === 50) void server?.kill();
    }
  }
  await Promise.all(runs.map(logOn));
  const again = await start();
  for (const [run, last] of acknowledged) {
    const { items } = await again.experiments.metricHistory({ id: run, key: 'loss', limit: 1000 });
    const steps = items.map(({ step }) => step);
    expect(steps.slice(0, last)).toEqual(Array.from({ length: last }, (_, i) => i + 1));
    // One may have been written whose answer did not come through any more.
    expect(steps.length - last).toBeLessThanOrEqual(1);
  }
  expect(acknowledged.get(runs[0] ?? '')).toBeGreaterThanOrEqual(50);
});

describe('an upload that breaks off', () => {
  /** Sends the head and half of a large file, and keeps the connection open. */
  async function beginUpload(url: string): Promise<ClientRequest> {
    const upload = request(`${url}/api/v1/datasets/broken/versions?format=csv`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', 'content-length': String(50_000_000) },
    });
    upload.on('error', () => {});
    upload.write(rows(200_000, 1));
    await once(upload, 'drain');
    return upload;
  }

  const expectNothing = async (client: Client) => {
    expect((await client.datasets.list()).items).toEqual([]);
    await expect(client.datasets.get({ name: 'broken' })).rejects.toMatchObject({ code: 'datasetNotFound' });
    expect((await client.audit.list({ action: 'dataset.committed' })).items).toEqual([]);
  };

  test('leaves nothing visible when the client goes away, and the name is free', async () => {
    const client = await start();
    const upload = await beginUpload(server?.url ?? '');
    const gone = new Promise((resolve) => upload.on('close', resolve));
    upload.destroy();
    await gone;
    await expectNothing(client);
    const version = await client.datasets.commit({ name: 'broken', format: 'csv', content: rows(10, 1) });
    expect(version).toMatchObject({ reference: 'broken@1', rows: 10 });
    expect((await client.datasets.listVersions({ name: 'broken' })).items).toHaveLength(1);
  });

  test('leaves nothing visible when the server is killed under it', async () => {
    await start();
    await beginUpload(server?.url ?? '');
    await server?.kill();
    await expectNothing(await start());
  });
});

describe('a server is refused', () => {
  test('on a folder that another one holds, and takes it once that one is dead', async () => {
    const client = await start();
    const second = await tidemill(['up', '--port', '0', '--data', data, '--json']);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(second.stderr).error).toMatchObject({
      code: 'dataFolderInUse',
      message: expect.stringContaining(data),
    });
    expect((await client.system.status()).paused).toBe(false);
    await server?.kill();
    await start();
  });

  test('beyond this machine without a token; with one it starts and asks for it', async () => {
    const words = ['up', '--host', '0.0.0.0', '--port', '0', '--data', data, '--json'];
    const refused = await tidemill(words);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(refused.stderr).error).toMatchObject({
      code: 'authenticationRequired',
      message: expect.stringContaining('first-token'),
    });
    const secret = (await tidemill(['first-token', '--data', data])).stdout.trim();
    server = await startServer(data, '--host', '0.0.0.0');
    const url = `http://127.0.0.1:${new URL(server.url).port}`;
    const stranger = createClient({ url }).system.status();
    await expect(stranger).rejects.toMatchObject({ status: 401 });
    expect((await createClient({ url, token: secret }).access.whoami()).role).toBe('admin');
  });
});
