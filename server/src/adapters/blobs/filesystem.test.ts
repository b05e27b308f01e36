import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { blobsSuite, listed } from './blobs-suite.ts';
import { openFilesystemBlobs } from './filesystem.ts';

describe('blobs [filesystem]', () => {
  blobsSuite(async () => openFilesystemBlobs({ root: await tempDir() }));
});

describe('blobs [filesystem, power]', () => {
  blobsSuite(async () => openFilesystemBlobs({ root: await tempDir(), durability: 'power' }));
});

test('damage is found, and mended by storing again', async () => {
  const blobs = await openFilesystemBlobs({ root: await tempDir() });
  const { sha256 } = await blobs.put(Buffer.from('as it was'));
  const path = await blobs.localPath(sha256);
  await chmod(path, 0o644);
  await writeFile(path, 'as it wa5');
  expect(await blobs.verify(sha256)).toBe(false);
  await blobs.put(Buffer.from('as it was'));
  expect(await blobs.verify(sha256)).toBe(true);
});

test('blobs are read-only, and their folder is found again', async () => {
  const root = await tempDir();
  const { sha256 } = await (await openFilesystemBlobs({ root })).put(Buffer.from('kept'));
  const again = await openFilesystemBlobs({ root });
  const path = await again.localPath(sha256);
  expect(path).toBe(join(root, 'sha256', sha256.slice(0, 2), sha256.slice(2, 4), sha256));
  expect((await stat(path)).mode & 0o777).toBe(0o444);
});

test('foreign files in the store are not listed', async () => {
  const root = await tempDir();
  const blobs = await openFilesystemBlobs({ root });
  await blobs.put(Buffer.from('ours'));
  await writeFile(join(root, 'sha256', '.DS_Store'), '');
  await mkdir(join(root, 'sha256', 'zz', 'zz'), { recursive: true });
  await writeFile(join(root, 'sha256', 'zz', 'zz', 'notes.txt'), '');
  expect(await listed(blobs)).toHaveLength(1);
});

test('writes that never ended are removed a day later, by the age of the file', async () => {
  const root = await tempDir();
  await openFilesystemBlobs({ root });
  const folder = join(root, 'unfinished');
  await writeFile(join(folder, 'old'), '');
  await writeFile(join(folder, 'young'), '');
  await utimes(join(folder, 'old'), 0, 0);
  await openFilesystemBlobs({ root });
  expect(await readdir(folder)).toEqual(['young']);
});
