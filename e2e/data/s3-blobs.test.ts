// Blobs on a real S3 server: the contract of every kind of blob store, bad networks, and a server that keeps its files there.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as ask, createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { HeadObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../sdk/src/index.ts';
import { blobsSuite, listed } from '../../server/src/adapters/blobs/blobs-suite.ts';
import { openS3Blobs, type S3BlobsOptions } from '../../server/src/adapters/blobs/s3.ts';
import { startServer, tidemill } from '../cli-process.ts';
import { moto, type S3Server, startS3 } from './s3-server.ts';

if (moto === '') console.warn('SKIPPED: S3. npm test makes the environment of moto; see CONTRIBUTING.md.');

const mebibyte = 2 ** 20;
let s3: S3Server;
let folder = '';
let opened = 0;
beforeAll(async () => {
  if (moto === '') return;
  folder = await mkdtemp(join(tmpdir(), 'tidemill-s3-'));
  s3 = await startS3();
  await s3.createBucket('blobs');
});
afterAll(async () => {
  if (moto === '') return;
  await s3.stop();
  await rm(folder, { recursive: true, force: true });
});

const keys = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' };
function open(options: Partial<S3BlobsOptions> = {}) {
  opened += 1;
  const place = { bucket: 'blobs', prefix: `p${opened}/deep`, folder: join(folder, `machine-${opened}`) };
  return openS3Blobs({ ...place, endpoint: s3.endpoint, region: 'us-east-1', credentials: keys, ...options });
}

describe.skipIf(moto === '')('blobs [s3]', () => {
  blobsSuite(() => open());
});

describe.skipIf(moto === '')('blobs in a bucket', () => {
  test('a large file goes up in parts with checksums and comes back, whole and by range', async () => {
    const blobs = await open({ partBytes: 5 * mebibyte, prefix: 'large' });
    const content = randomBytes(12 * mebibyte + 7);
    const { sha256 } = await blobs.put(content);
    const head = await s3.client.send(
      new HeadObjectCommand({ Bucket: 'blobs', Key: `large/sha256/${sha256}`, ChecksumMode: 'ENABLED' }),
    );
    expect(head.ETag).toMatch(/-3"$/);
    expect((await buffer(await blobs.get(sha256))).equals(content)).toBe(true);
    const part = await buffer(await blobs.get(sha256, { first: 6_000_000, last: 6_000_009 }));
    expect(part.equals(content.subarray(6_000_000, 6_000_010))).toBe(true);
    expect(await blobs.verify(sha256)).toBe(true);
    const uploads = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: 'blobs' }));
    expect(uploads.Uploads ?? []).toEqual([]);
  });

  test('what one request cannot copy is kept in parts', async () => {
    const blobs = await open({ partBytes: 5 * mebibyte, copyBytes: 5 * mebibyte });
    const content = randomBytes(11 * mebibyte);
    const { sha256 } = await blobs.put(content);
    const first = (await blobs.stat(sha256))?.storedAt ?? Number.NaN;
    await expect
      .poll(async () => {
        await blobs.keep([sha256]);
        return (await blobs.stat(sha256))?.storedAt;
      })
      .toBeGreaterThan(first);
    expect(await blobs.verify(sha256)).toBe(true);
  });

  test('ids are listed over many pages, and foreign objects are not', async () => {
    const blobs = await open({ prefix: 'many' });
    for (let i = 0; i < 60; i += 1)
      await Promise.all(Array.from({ length: 20 }, (_, j) => blobs.put(Buffer.from(`${i}-${j}`))));
    const ids = await listed(blobs);
    expect([ids.length, new Set(ids).size]).toEqual([1200, 1200]);
    expect(ids).toEqual([...ids].sort());
    await writeFile(join(folder, 'note'), '');
    expect(await listed(await open({ prefix: 'man' }))).toEqual([]);
  });

  test('a store that fails now and then is asked again, also in the middle of a body', async () => {
    const proxy = await troubledProxy(s3.endpoint);
    const blobs = await open({ endpoint: proxy.url, partBytes: 5 * mebibyte });
    const content = randomBytes(6 * mebibyte);
    const { sha256 } = await blobs.put(content);
    expect((await buffer(await blobs.get(sha256))).equals(content)).toBe(true);
    expect(await blobs.verify(sha256)).toBe(true);
    expect(proxy.refused()).toBeGreaterThan(3);
    expect(proxy.broken()).toBeGreaterThan(0);
    proxy.close();
  });

  test('a copy on this machine is made once, checked, and made again where it vanished', async () => {
    const place = { prefix: 'copies', folder: join(folder, 'copies') };
    const { sha256 } = await (await open({ ...place, folder: join(folder, 'other') })).put(
      Buffer.from('abc'),
    );
    const blobs = await open(place);
    const path = await blobs.localPath(sha256);
    expect(await blobs.localPath(sha256)).toBe(path);
    await rm(path);
    expect(await readFile(await blobs.localPath(sha256), 'utf8')).toBe('abc');
    const Key = `copies/sha256/${'0'.repeat(64)}`;
    const { PutObjectCommand } = await import('@aws-sdk/client-s3');
    await s3.client.send(new PutObjectCommand({ Bucket: 'blobs', Key, Body: 'other' }));
    await expect(blobs.localPath('0'.repeat(64))).rejects.toMatchObject({ code: 'blobDamaged' });
    expect(await blobs.verify('0'.repeat(64))).toBe(false);
  });

  test('a bucket that is missing and keys that are wrong are told at the start', async () => {
    await expect(open({ bucket: 'nothere' })).rejects.toThrow(/--blobs .* no bucket 'nothere'/);
    const denying = createServer((_request, response) => response.writeHead(403).end()).listen(
      0,
      '127.0.0.1',
    );
    await once(denying, 'listening');
    await expect(open({ endpoint: addressOf(denying) })).rejects.toThrow(/AWS_ACCESS_KEY_ID/);
    denying.close();
    await expect(open({ endpoint: addressOf(denying), attempts: 1 })).rejects.toThrow(/cannot be reached/);
  });
});

describe.skipIf(moto === '')('a server with its files in S3', () => {
  test('commits, reads, profiles, logs and collects garbage', async () => {
    await s3.createBucket('server');
    const where = ['--blobs', 's3://server/team-a', '--s3-endpoint', s3.endpoint];
    const data = join(folder, 'data');
    const before = { ...process.env };
    Object.assign(process.env, s3.environment);
    let server = await startServer(data, ...where);
    try {
      const client = createClient({ url: server.url });
      const content = Buffer.from(
        `n,text\n${Array.from({ length: 5000 }, (_, i) => `${i},row ${i}`).join('\n')}\n`,
      );
      const version = await client.datasets.commit({ name: 'numbers', format: 'csv', content });
      const { id } = await client.experiments.createRun({ experimentId: '0', name: 'run' });
      await client.experiments.putArtifact({ id, path: 'a/big.bin', content: randomBytes(200_000) });
      const objects = async () =>
        (await s3.client.send(new ListObjectsV2Command({ Bucket: 'server', Prefix: 'team-a/sha256/' })))
          .KeyCount;
      const stored = await objects();
      expect(stored).toBeGreaterThan(2);

      // Another machine: nothing but the database and the bucket are left.
      await server.stop();
      await rm(join(data, 's3'), { recursive: true });
      await rm(join(data, 'cache'), { recursive: true, force: true });
      server = await startServer(data, ...where);
      const again = createClient({ url: server.url });
      const read = await again.datasets.read({ name: 'numbers', version: '1', format: 'csv' });
      expect((await buffer(read.content)).equals(content)).toBe(true);
      expect((await again.profiling.get({ name: 'numbers', version: '1' })).rows).toBe(5000);
      expect((await again.datasets.getVersion({ name: 'numbers', version: '1' })).digest).toBe(
        version.digest,
      );

      await again.experiments.deleteRun({ id });
      const collected = await tidemill(['gc', '--apply', '--older-than', '0s', '--grace', '1h', '--json'], {
        url: server.url,
      });
      expect([collected.code, collected.stderr]).toEqual([0, '']);
      // The run goes; its file is younger than any grace that may be asked for.
      expect(JSON.parse(collected.stdout)).toMatchObject({ applied: true, runs: 1, blobs: 0 });
      expect(await objects()).toBe(stored);
      expect(
        (await buffer((await again.datasets.read({ name: 'numbers', version: '1', format: 'csv' })).content))
          .length,
      ).toBe(content.length);
      await server.stop();
      await expect(startServer(data)).rejects.toThrow(/--blobs .* its files in S3/);
    } finally {
      await server.stop();
      process.env = before;
    }
  });
});

const addressOf = (server: Server): string => {
  const address = server.address();
  return address !== null && typeof address === 'object'
    ? `http://127.0.0.1:${address.port}`
    : 'http://127.0.0.1:9';
};

/** Answers every third request with 503, and breaks every fourth body that comes back in the middle. */
async function troubledProxy(target: string) {
  let requests = 0;
  let refused = 0;
  let broken = 0;
  const proxy = createServer((request, response) => {
    requests += 1;
    if (requests % 3 === 0) {
      refused += 1;
      request.resume().once('end', () => response.writeHead(503).end());
      return;
    }
    const onward = ask(
      `${target}${request.url}`,
      { method: request.method, headers: request.headers },
      (reply) => {
        response.writeHead(reply.statusCode ?? 500, reply.headers);
        const length = Number(reply.headers['content-length'] ?? 0);
        const breaks = request.method === 'GET' && length > mebibyte && broken < 2;
        let sent = 0;
        reply.on('data', (piece: Buffer) => {
          response.write(piece);
          sent += piece.length;
          if (!breaks || sent < length / 2) return;
          broken += 1;
          reply.destroy();
          response.destroy();
        });
        reply.on('end', () => response.end());
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: addressOf(proxy),
    refused: () => refused,
    broken: () => broken,
    close() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}
