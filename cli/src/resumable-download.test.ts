import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Download, TidemillClientError } from '@tidemill/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { downloadFile } from './resumable-download.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-download-'));
});
afterEach(() => rm(folder, { recursive: true }));

const content = randomBytes(10_000);
const sha256 = createHash('sha256').update(content).digest('hex');

type From = { readonly offset: number; readonly etag: string } | undefined;

/** Serves `content` as a server with ranges would, and breaks after so many bytes of each answer, while there are any. */
function server(breaks: number[], etag = 'tag-1') {
  const asked: From[] = [];
  return {
    asked,
    say() {},
    async open(from: From): Promise<Download> {
      asked.push(from);
      const offset = from?.etag === etag ? from.offset : 0;
      const limit = breaks.shift();
      async function* pieces() {
        for (let at = offset; at < content.length; at += 1000) {
          if (limit !== undefined && at - offset >= limit) throw new Error('connection lost');
          yield content.subarray(at, at + 1000);
        }
      }
      const part = offset > 0 ? { offset } : {};
      return { content: pieces(), mediaType: 'x', size: content.length, etag, sha256, ...part };
    },
  };
}

const names = async () => (await readdir(folder)).sort();

test('goes on where the connection broke, as often as something comes', async () => {
  const path = join(folder, 'prices.parquet');
  const source = server([3000, 2000, 1000, 1000, 1000, 1000, 1000]);
  expect(await downloadFile(path, source)).toEqual({ bytes: 10_000, resumedAt: 0, sha256 });
  expect((await readFile(path)).equals(content)).toBe(true);
  expect(source.asked.slice(0, 3)).toEqual([
    undefined,
    { offset: 2999, etag: 'tag-1' },
    { offset: 4998, etag: 'tag-1' },
  ]);
  expect(await names()).toEqual(['prices.parquet']);
});

test('takes up what a killed one left, whole or in part', async () => {
  const path = join(folder, 'prices.parquet');
  for (const size of [4000, 10_000]) {
    await writeFile(`${path}.tag-1.part`, content.subarray(0, size));
    const source = server([]);
    expect((await downloadFile(path, source)).resumedAt).toBe(size);
    expect(source.asked).toEqual([{ offset: size - 1, etag: 'tag-1' }]);
    expect((await readFile(path)).equals(content)).toBe(true);
  }
});

test('begins again where the content is another', async () => {
  const path = join(folder, 'prices.parquet');
  await writeFile(`${path}.older.part`, 'something else');
  await downloadFile(path, server([]));
  expect((await readFile(path)).equals(content)).toBe(true);
  expect(await names()).toEqual(['prices.parquet']);
});

test('what is damaged is thrown away and said', async () => {
  const path = join(folder, 'prices.parquet');
  await writeFile(`${path}.tag-1.part`, Buffer.alloc(4000));
  await expect(downloadFile(path, server([]))).rejects.toMatchObject({ code: 'downloadDamaged' });
  expect(await names()).toEqual([]);
});

test('a refusal is told at once', async () => {
  const path = join(folder, 'prices.parquet');
  const refused = new TidemillClientError({ code: 'datasetNotFound', message: 'no', status: 404 });
  let asked = 0;
  const open = () => {
    asked += 1;
    return Promise.reject(refused);
  };
  await expect(downloadFile(path, { open, say() {} })).rejects.toBe(refused);
  expect(asked).toBe(1);
});
