import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { openFilesystemFolder } from './filesystem.ts';

const refused = { code: 'artifactPathInvalid' };

async function build() {
  const base = await tempDir();
  await mkdir(join(base, 'outside'));
  await writeFile(join(base, 'outside', 'secret'), 'secret');
  const root = join(base, 'not', 'there yet');
  const folder = await openFilesystemFolder(root);
  const put = (path: string, content: string) => folder.write(path, Readable.from([Buffer.from(content)]));
  const read = async (path: string, part?: { first: number; last: number }) => {
    const file = await folder.open(path, part);
    return file && text(file.content as Readable);
  };
  const walk = async (path: string) => {
    const paths: string[] = [];
    for await (const found of folder.walk(path)) paths.push(found);
    return paths;
  };
  return { base, root, folder, put, read, walk };
}

test('what is written is read, listed and removed', async () => {
  const { root, folder, put, read, walk } = await build();
  await put('1/run/artifacts/a.txt', 'first');
  await put('1/run/artifacts/a.txt', 'second');
  await put('1/run/artifacts/deep/er/b', '');
  expect(await read('1/run/artifacts/a.txt')).toBe('second');
  expect(await read('1/run/artifacts/a.txt', { first: 1, last: 2 })).toBe('ec');
  expect(await read('1/run/artifacts/deep/er/b')).toBe('');
  expect(await folder.list('1/run/artifacts')).toEqual([
    { name: 'a.txt', directory: false, size: 6 },
    { name: 'deep', directory: true, size: null },
  ]);
  expect(await walk('1/run')).toEqual(['artifacts/a.txt', 'artifacts/deep/er/b']);
  for (const nothing of ['1/run/artifacts', '1/run/artifacts/a.txt/x', '1/none', `1/${'x'.repeat(300)}`])
    expect(await read(nothing)).toBeNull();
  expect(await folder.list('1/none')).toEqual([]);
  expect(await folder.list('1/run/artifacts/a.txt')).toEqual([]);
  await folder.removeEmpty('1');
  expect(await folder.remove('1/run')).toBe(2);
  expect(await folder.remove('1/run')).toBe(0);
  await folder.removeEmpty('1');
  expect(await readdir(root)).toEqual(['.tidemill-unfinished']);
  expect(await readdir(join(root, '.tidemill-unfinished'))).toEqual([]);
});

test('at its start it clears what a killed server left unfinished, and nothing else', async () => {
  const { root, put } = await build();
  await put('1/a', 'own');
  const place = join(root, '.tidemill-unfinished');
  for (const name of ['old', 'young']) await writeFile(join(place, name), 'x');
  await mkdir(join(place, 'folder'));
  for (const name of ['old', 'folder']) await utimes(join(place, name), 1, 1);
  await openFilesystemFolder(root);
  expect((await readdir(place)).sort()).toEqual(['folder', 'young']);
});

test('a folder that cannot be made is a mistake of the settings', async () => {
  const { base } = await build();
  const opened = openFilesystemFolder(join(base, 'outside', 'secret', 'x'));
  await expect(opened).rejects.toMatchObject({ code: 'configInvalid' });
  await expect(openFilesystemFolder(join(base, 'outside', 'secret'))).rejects.toMatchObject({
    code: 'configInvalid',
  });
});

test('a write that fails leaves what was there', async () => {
  const { root, folder, put, read } = await build();
  await put('1/a', 'whole');
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('half');
      throw new Error('cut off');
    })(),
  );
  await expect(folder.write('1/a', broken)).rejects.toThrow('cut off');
  expect(await read('1/a')).toBe('whole');
  expect(await readdir(join(root, '.tidemill-unfinished'))).toEqual([]);
  await expect(put('1/a/b', 'x')).rejects.toMatchObject(refused);
  await expect(put('1', 'x')).rejects.toMatchObject(refused);
});

test('through a link nothing is read, written, listed or removed', async () => {
  const { base, root, folder, put, read, walk } = await build();
  await put('1/a', 'own');
  await symlink(join(base, 'outside'), join(root, '1', 'folder'));
  await symlink(join(base, 'outside', 'secret'), join(root, '1', 'file'));
  await symlink('a', join(root, '1', 'near'));
  await symlink('loop', join(root, '1', 'loop'));
  for (const path of ['1/file', '1/folder/secret', '1/folder', '1/near', '1/loop'])
    await expect(read(path)).rejects.toMatchObject(refused);
  await expect(folder.list('1/folder')).rejects.toMatchObject(refused);
  await expect(put('1/folder/new', 'x')).rejects.toMatchObject(refused);
  await expect(put('1/folder/deep/new', 'x')).rejects.toMatchObject(refused);
  await expect(folder.remove('1/folder')).rejects.toMatchObject(refused);
  await expect(folder.remove('1/folder/secret')).rejects.toMatchObject(refused);
  await expect(walk('1')).rejects.toMatchObject(refused);
  expect(await folder.list('1')).toEqual([{ name: 'a', directory: false, size: 3 }]);
  await put('1/file', 'replaces the link');
  await folder.remove('1');
  expect(await readdir(join(base, 'outside'))).toEqual(['secret']);
  expect(await readFile(join(base, 'outside', 'secret'), 'utf8')).toBe('secret');
});

test('a root that became a link is none any more', async () => {
  const { base, root, put, read } = await build();
  await put('secret', 'own');
  await rename(root, join(base, 'moved'));
  await symlink(join(base, 'outside'), root);
  await expect(read('secret')).rejects.toMatchObject(refused);
});

test.each(['', '.', '..', '../outside/secret', '1/../../outside/secret', '/etc/passwd/../..'])(
  'the path %j is refused',
  async (path) => {
    const { folder, put } = await build();
    await expect(folder.open(path)).rejects.toMatchObject(refused);
    await expect(folder.remove(path)).rejects.toMatchObject(refused);
    await expect(put(path, 'x')).rejects.toMatchObject(refused);
  },
);

test('a pipe is no file, and nobody waits for it', async () => {
  const { root, folder, put, read, walk } = await build();
  await put('1/a', 'own');
  execFileSync('mkfifo', [join(root, '1', 'pipe')]);
  expect(await read('1/pipe')).toBeNull();
  expect((await folder.list('1')).map(({ name }) => name)).toEqual(['a']);
  await expect(walk('1')).rejects.toMatchObject(refused);
});
