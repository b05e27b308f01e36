import { randomBytes } from 'node:crypto';
import { openSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTempDir } from '../testing/temp-dir.ts';
import { FileStream } from './file-stream.ts';

const content = randomBytes(3_000_000);

async function withFile(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await createTempDir();
  const path = join(folder.path, 'content');
  writeFileSync(path, content);
  await use(path);
  await folder.remove();
}

test('any part, collected: pieces stay what they were', () =>
  withFile(async (path) => {
    const position = fc.integer({ min: 0, max: content.length - 1 });
    await fc.assert(
      fc.asyncProperty(position, position, async (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const found = await buffer(new FileStream(openSync(path, 'r'), { first, last }));
        expect(found.equals(content.subarray(first, last + 1))).toBe(true);
      }),
      { numRuns: 30 },
    );
    expect((await buffer(new FileStream(openSync(path, 'r'), undefined))).equals(content)).toBe(true);
  }));

test('piped into sockets with buffers used again, by readers slow and quick, every byte arrives', () =>
  withFile(async (path) => {
    const server = createServer((_request, reply) => {
      new FileStream(openSync(path, 'r'), undefined).reuseBuffers().pipe(reply);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const download = (isSlow: boolean) =>
      new Promise<Buffer>((resolve, reject) => {
        get({ port, host: '127.0.0.1' }, async (reply) => {
          const chunks: Buffer[] = [];
          for await (const chunk of reply) {
            chunks.push(chunk);
            if (isSlow) await new Promise(setImmediate);
          }
          resolve(Buffer.concat(chunks));
        }).on('error', reject);
      });
    const found = await Promise.all([true, false, true, false].map(download));
    for (const one of found) expect(one.equals(content)).toBe(true);
    server.close();
  }));
