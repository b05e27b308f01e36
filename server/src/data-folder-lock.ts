import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errors } from './base/errors.ts';

/**
 * One server per data folder: a file with our process id, taken by exclusive creation.
 * A file left by a process that is gone (kill -9) is taken over. @throws dataFolderInUse
 */
export function lockDataFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'server.lock');
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = readOwner(path);
      if (pid !== process.pid && isAlive(pid)) throw errors.dataFolderInUse({ folder, pid: String(pid) });
      rmSync(path, { force: true });
    }
  }
  throw errors.dataFolderInUse({ folder, pid: 'unknown' });
}

function readOwner(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return Number.NaN; // gone in the meantime: the next attempt takes it
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
