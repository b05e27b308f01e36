import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { type FileCacheOptions, openFileCache } from './file-cache.ts';

const ofSize = (size: number) => (to: string) => writeFile(to, 'x'.repeat(size));
const never = () => Promise.reject(new Error('made again'));

async function cacheWith(options: Partial<FileCacheOptions> = {}) {
  const folder = await tempDir();
  return { folder, cache: await openFileCache({ folder, maxBytes: 100, maxFiles: 10, ...options }) };
}

async function put(cache: Awaited<ReturnType<typeof openFileCache>>, key: string, size: number) {
  (await cache.take(key, ofSize(size))).release();
}

test('a file is made once for all who ask meanwhile, and found again', async () => {
  const { cache, folder } = await cacheWith();
  let made = 0;
  const make = async (to: string) => {
    made += 1;
    await writeFile(to, 'content');
  };
  const files = await Promise.all([1, 2, 3].map(() => cache.take('a', make)));
  expect(new Set(files.map(({ path }) => path)).size).toBe(1);
  expect(files[0]?.size).toBe(7);
  for (const file of files) file.release();
  expect(await readFile((await cache.take('a', never)).path, 'utf8')).toBe('content');
  expect(made).toBe(1);
  const again = await openFileCache({ folder, maxBytes: 100, maxFiles: 10 });
  expect((await again.take('a', never)).size).toBe(7);
});

test('what was used longest ago goes, never what is in use, never the newest', async () => {
  const { cache, folder } = await cacheWith();
  const keys = async () => (await readdir(folder)).map((name) => name.split('.')[0]).sort();
  const held = await cache.take('held', ofSize(40));
  await put(cache, 'b', 40);
  await put(cache, 'c', 10);
  (await cache.take('b', never)).release();
  await put(cache, 'd', 20);
  await expect.poll(keys).toEqual(['b', 'd', 'held']);
  await put(cache, 'huge', 500);
  await expect.poll(keys).toEqual(['held', 'huge']);
  expect(await readFile(held.path, 'utf8')).toHaveLength(40);
  held.release();
  held.release();
  await expect.poll(keys).toEqual(['huge']);
});

test('a bound on the number of files, and a time in which each stays', async () => {
  const { cache, folder } = await cacheWith({ maxFiles: 2 });
  for (const key of ['a', 'b', 'c']) await put(cache, key, 1);
  await expect.poll(() => readdir(folder)).toHaveLength(2);
  const { cache: patient, folder: other } = await cacheWith({ maxFiles: 1, keepMs: 3_600_000 });
  for (const key of ['a', 'b', 'c']) await put(patient, key, 1);
  expect(await readdir(other)).toHaveLength(3);
});

test('a failure is told to all and leaves nothing, and the next one tries again', async () => {
  const { cache, folder } = await cacheWith();
  const failing = async (to: string) => {
    await writeFile(to, 'half');
    throw new Error('disk full');
  };
  const both = [cache.take('a', failing), cache.take('a', failing)];
  for (const one of both) await expect(one).rejects.toThrow('disk full');
  expect(await readdir(folder)).toEqual([]);
  await put(cache, 'a', 3);
});

test('the making ends when the last who waits has left, not before', async () => {
  const { cache } = await cacheWith();
  const [first, second] = [new AbortController(), new AbortController()];
  const aborted: unknown[] = [];
  const make = (_to: string, signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted.push(signal.reason);
        reject(new Error('stopped'));
      });
    });
  const waiting = [cache.take('a', make, first.signal), cache.take('a', make, second.signal)];
  await setImmediate();
  first.abort();
  expect(aborted).toEqual([]);
  second.abort(new Error('left'));
  for (const each of waiting) await expect(each).rejects.toThrow('stopped');
  expect(aborted).toHaveLength(1);
  await put(cache, 'a', 1);
});

test('files that vanished are made again; unfinished ones of before are removed', async () => {
  const { cache, folder } = await cacheWith();
  const { path, release } = await cache.take('a', ofSize(1));
  release();
  await rm(path);
  expect((await cache.take('a', ofSize(2))).size).toBe(2);
  await writeFile(join(folder, 'x.part'), '');
  await utimes(join(folder, 'x.part'), 0, 0);
  await openFileCache({ folder, maxBytes: 1, maxFiles: 1 });
  expect(await readdir(folder)).not.toContain('x.part');
});
