// Pulls over connections that break, through the real binary: a real S3 store behind a proxy that cuts.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient } from '../../sdk/src/index.ts';
import { startServer, type TestServer } from '../cli-process.ts';
import { moto, startS3 } from './s3-server.ts';

if (moto === '') console.warn('SKIPPED: S3. npm test makes the environment of moto.');

let folder = '';
let server: TestServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-resumed-'));
});
afterEach(async () => {
  await server?.kill();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** Passes bytes on, and breaks the first connections that bring more than `carries` from the other side. */
async function openCutter(port: number, { carries, breaks }: { carries: number; breaks: number }) {
  let broken = 0;
  const proxy: Server = createServer((socket) => {
    const other = connect(port, '127.0.0.1');
    let brought = 0;
    const end = () => {
      socket.destroy();
      other.destroy();
    };
    for (const side of [socket, other]) side.on('error', end).on('close', end);
    socket.on('data', (part) => other.write(part));
    other.on('data', (part) => {
      brought += part.length;
      if (brought <= carries || broken >= breaks) return socket.write(part);
      broken += 1;
      return socket.write(part.subarray(0, carries - (brought - part.length)), end);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return { port: (proxy.address() as AddressInfo).port, broken: () => broken, close: () => proxy.close() };
}

test.skipIf(moto === '')('an object of S3 comes whole over a connection that breaks', async () => {
  const s3 = await startS3();
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i + 1},${randomBytes(12).toString('hex')}`);
  const body = `id,what\n${lines.join('\n')}\n`;
  await s3.createBucket('feeds');
  await s3.client.send(new PutObjectCommand({ Bucket: 'feeds', Key: 'log.csv', Body: body }));
  const cutter = await openCutter(Number(new URL(s3.endpoint).port), { carries: 400_000, breaks: 6 });
  try {
    server = await startServer(join(folder, 'data'), '--allow-private-sources');
    const client = createClient({ url: server.url });
    const endpoint = `http://127.0.0.1:${cutter.port}`;
    await client.sources.create({
      ...{ name: 'log', from: { kind: 's3', url: 's3://feeds/log.csv', endpoint, region: 'us-east-1' } },
      secrets: { accessKeyId: 'test-key', secretAccessKey: 'test-secret' },
    });
    const before = cutter.broken();
    let pull = await client.sources.pull({ name: 'log' });
    while (pull.state === 'queued' || pull.state === 'running') {
      await new Promise((resolve) => setTimeout(resolve, 50));
      pull = await client.sources.getPull({ name: 'log', id: pull.id });
    }
    expect(pull).toMatchObject({ state: 'succeeded', rows: lines.length, bytes: body.length, error: null });
    expect(cutter.broken()).toBeGreaterThan(before);
    const read = await client.datasets.read({ name: 'log', version: 'latest', format: 'csv' });
    expect(await text(read.content)).toBe(body);
  } finally {
    cutter.close();
    await s3.stop();
  }
});
