import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runFolderVariable } from './run-folder.ts';

/** A folder of the test's own, gone when the test ends. For a whole suite use `createTempDir` and its `remove`. */
export async function tempDir(): Promise<string> {
  const { path, remove } = await createTempDir();
  onTestFinished(remove);
  return path;
}

export async function createTempDir(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'tidemill-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** For what is made once by a worker and used by several of its files: gone when the run ends. */
export const createRunDir = (): Promise<string> =>
  mkdtemp(join(process.env[runFolderVariable] ?? tmpdir(), 'shared-'));
