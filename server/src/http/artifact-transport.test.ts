import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../testing/platform.ts';

/** Files through a real socket: what a client may ask of a download, and what it may do to an upload. */
describe('files over HTTP', () => {
  let platform: TestPlatform;
  let url: string;
  let run: string;
  const content = randomBytes(3_000_000);
  const sha256 = createHash('sha256').update(content).digest('hex');
  beforeAll(async () => {
    platform = await createTestPlatform();
    url = await platform.http.listen({ port: 0, host: '127.0.0.1' });
    run = (await platform.services.experiments.createRun({ experimentId: '0' }, platform.caller)).id;
  });
  afterAll(() => platform.close());

  const doors = () => [
    `${url}/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/a/big.bin`,
    `${url}/ajax-api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/a/big.bin`,
    `${url}/api/v1/runs/${run}/artifact?path=a/big.bin`,
  ];
  const get = (door: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(door, { headers, method });

  test('go up by any door and come down by all, with their hash as ETag', async () => {
    for (const door of doors()) {
      expect((await fetch(door, { method: 'PUT', body: content })).status).toBe(200);
      const reply = await get(door);
      expect(Buffer.from(await reply.arrayBuffer()).equals(content)).toBe(true);
      expect(Object.fromEntries(reply.headers)).toMatchObject({
        etag: `"${sha256}"`,
        'content-length': '3000000',
        'accept-ranges': 'bytes',
        'content-disposition': "attachment; filename*=UTF-8''big.bin",
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      });
    }
  });

  test('HEAD says what GET would, without the bytes', async () => {
    for (const door of doors()) {
      const reply = await get(door, {}, 'HEAD');
      expect([reply.status, reply.headers.get('content-length')]).toEqual([200, '3000000']);
      expect((await reply.arrayBuffer()).byteLength).toBe(0);
    }
  });

  test('what the client has already is not sent again', async () => {
    for (const door of doors()) {
      for (const known of [`"${sha256}"`, `"other", W/"${sha256}"`, '*'])
        expect((await get(door, { 'if-none-match': known })).status).toBe(304);
      expect((await get(door, { 'if-none-match': '"other"' })).status).toBe(200);
    }
  });

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=2999990-', 2_999_990, 2_999_999],
    ['bytes=-5', 2_999_995, 2_999_999],
    ['bytes=1000000-99999999', 1_000_000, 2_999_999],
    ['bytes=-99999999', 0, 2_999_999],
  ])('the range %s', async (range, first, last) => {
    for (const door of doors()) {
      const reply = await get(door, { range });
      expect([reply.status, reply.headers.get('content-range')]).toEqual([
        206,
        `bytes ${first}-${last}/3000000`,
      ]);
      const part = Buffer.from(await reply.arrayBuffer());
      expect(part.equals(content.subarray(first, last + 1))).toBe(true);
    }
  });

  test.each(['bytes=3000000-', 'bytes=5-4', 'bytes=-0', 'bytes=99999999999999999999-'])(
    'the range %s lies outside',
    async (range) => {
      for (const door of doors()) {
        const reply = await get(door, { range });
        expect([reply.status, reply.headers.get('content-range')]).toEqual([416, 'bytes */3000000']);
        expect(reply.headers.get('content-disposition')).toBeNull();
        await reply.arrayBuffer();
      }
    },
  );

  test.each([
    { range: 'bytes=0-1,5-6' },
    { range: 'lines=0-1' },
    { range: 'bytes=-' },
    { range: 'bytes=0-1', 'if-range': '"other"' },
  ])('%j is answered with the whole', async (headers) => {
    for (const door of doors()) {
      const reply = await get(door, { ...headers } as Record<string, string>);
      expect([reply.status, (await reply.arrayBuffer()).byteLength]).toEqual([200, 3_000_000]);
    }
  });

  const send = async (
    head: string,
  ): Promise<{ socket: Socket; reply: () => string; closed: Promise<void> }> => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()).on('error', () => {}));
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    socket.write(head);
    return { socket, reply: () => text, closed };
  };

  test('a client that goes away half way leaves nothing', async () => {
    const unfinished = join(platform.folder, 'blobs', 'unfinished');
    const path = new URL(doors()[0] ?? '').pathname.replace('big.bin', 'half.bin');
    for (const length of ['content-length: 5000000', 'transfer-encoding: chunked']) {
      const { socket, closed } = await send(`PUT ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${length}\r\n\r\n`);
      socket.write(length.startsWith('content') ? Buffer.alloc(2_000_000) : `${(1e6).toString(16)}\r\n`);
      if (!length.startsWith('content')) socket.write(Buffer.alloc(500_000));
      await expect.poll(() => readdir(unfinished).then((names) => names.length)).toBe(1);
      socket.destroy();
      await closed;
      await expect.poll(() => readdir(unfinished)).toEqual([]);
    }
    const { files } = await platform.services.experiments.listArtifacts(
      { id: run, path: 'a' },
      platform.caller,
    );
    expect(files.map((file) => file.path)).toEqual(['a/big.bin']);
  });

  test.each([
    '/api/2.0/mlflow/runs/log-batch',
    '/ajax-api/2.0/mlflow/experiments/create',
    '/api/v1/experiments',
    '/api/v1/runs/x/batch',
  ])('a body of 1 GB for %s is refused before it is read', async (path) => {
    const { reply, socket } = await send(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000000000\r\n\r\n{`,
    );
    await expect.poll(reply).toMatch(/^HTTP\/1\.1 (?:413|400) /);
    expect(reply()).toMatch(/larger than \d+ bytes/);
    socket.destroy();
  });
});
