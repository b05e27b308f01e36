import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createTempDir } from '../../testing/temp-dir.ts';
import { openSourceReader } from './reader.ts';

async function openFolder() {
  const temp = await createTempDir();
  onTestFinished(() => temp.remove());
  const [root, outside, folder] = ['root', 'root-outside', 'in'].map((name) => join(temp.path, name));
  if (!root || !outside || !folder) throw new Error('no folders');
  for (const each of [root, outside, folder]) await mkdir(each);
  await writeFile(join(root, 'a.csv'), 'a\n1\n');
  await writeFile(join(outside, 'b.csv'), 'b\n1\n');
  const fetchFrom = (path: string, roots = [root]) =>
    openSourceReader({ roots, allowPrivate: false, maxBytes: 1000, limits: { files: 3 } }).fetch({
      ...{ from: { kind: 'path', path }, secrets: {}, format: null, folder, validator: null },
      ...{ sample: false, cursor: null, signal: new AbortController().signal },
    });
  return { root, outside, fetchFrom };
}

test('files are read below the folders that an owner opened, and nowhere else', async () => {
  const { root, outside, fetchFrom } = await openFolder();
  const read = await fetchFrom(join(root, 'a.csv'));
  if (read.unchanged) throw new Error('nothing was read');
  expect(await readFile(read.files[0]?.path ?? '', 'utf8')).toBe('a\n1\n');
  const elsewhere = [
    join(outside, 'b.csv'),
    `${root}/../root-outside/b.csv`,
    `${root}/*/../../root-outside/b.csv`,
    '/etc/passwd',
    'root/a.csv',
    `${root}/../{root-outside,x}/b.csv`,
  ];
  for (const path of elsewhere)
    await expect(fetchFrom(path), path).rejects.toMatchObject({ code: 'sourceRefused' });
  await expect(fetchFrom(join(root, 'a.csv'), [])).rejects.toThrow('tidemill up --source-root');
});

test('no link leads out, and only regular files are read', async () => {
  const { root, outside, fetchFrom } = await openFolder();
  await symlink(join(outside, 'b.csv'), join(root, 'link.csv'));
  await symlink(outside, join(root, 'folder'));
  await symlink(join(root, 'a.csv'), join(root, 'inner.csv'));
  for (const path of ['link.csv', 'folder/b.csv', '*.csv'])
    await expect(fetchFrom(join(root, path)), path).rejects.toMatchObject({ code: 'sourceRefused' });
  expect(await fetchFrom(join(root, 'inner.csv'))).toMatchObject({ unchanged: false });
  execFileSync('mkfifo', [join(root, 'pipe.csv')]);
  await expect(fetchFrom(join(root, 'pipe.csv'))).rejects.toMatchObject({ code: 'sourceRejected' });
  await expect(fetchFrom(join(root, 'none.csv'))).rejects.toMatchObject({
    code: 'sourceRejected',
    message: expect.stringContaining('ENOENT'),
  });
});

test('size, number and format have bounds of their own', async () => {
  const { root, fetchFrom } = await openFolder();
  await writeFile(join(root, 'large.csv'), 'a'.repeat(2000));
  await expect(fetchFrom(join(root, 'large.csv'))).rejects.toMatchObject({ code: 'sourceTooLarge' });
  await writeFile(join(root, 'a.xyz'), 'a\n');
  await expect(fetchFrom(join(root, 'a.xyz'))).rejects.toThrow('Name the format');
  for (const name of ['1', '2', '3', '4']) await writeFile(join(root, `n${name}.csv`), 'a\n');
  await expect(fetchFrom(join(root, 'n*.csv'))).rejects.toThrow('more than 3 files');
});
