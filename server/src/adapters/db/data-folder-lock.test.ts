import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { lockDataFolder } from './data-folder-lock.ts';

const script = `
  const { lockDataFolder } = await import(process.argv[1]);
  try {
    lockDataFolder(process.argv[2]);
    console.log('locked');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.code);
  }
`;

async function lockElsewhere(folder: string): Promise<{ said: string; child: ChildProcess }> {
  const url = new URL('./data-folder-lock.ts', import.meta.url).href;
  const args = ['--input-type=module', '-e', script, url, folder];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = await once(child.stdout, 'data');
  return { said: String(text).trim(), child };
}

test('of several that start at the same time exactly one has the folder, until it is killed', async () => {
  const folder = await tempDir();
  const started = await Promise.all([1, 2, 3, 4].map(() => lockElsewhere(folder)));
  expect(started.map(({ said }) => said).sort()).toEqual([
    'dataFolderInUse',
    'dataFolderInUse',
    'dataFolderInUse',
    'locked',
  ]);
  const owner = started.find(({ said }) => said === 'locked')?.child;
  expect(() => lockDataFolder(folder)).toThrow(String(owner?.pid));
  owner?.kill('SIGKILL');
  if (owner) await once(owner, 'exit');
  const unlock = lockDataFolder(folder);
  expect(() => lockDataFolder(folder)).toThrow('works on the data folder');
  unlock();
  lockDataFolder(folder)();
});
