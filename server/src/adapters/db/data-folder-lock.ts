import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errors } from '../../base/errors.ts';

/** A database that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>();

/**
 * One server per data folder, by a lock that the operating system holds on an empty database file: it is taken by one
 * of any number at the same time, and ends with its process, however that ends. Files with a process id can do neither.
 * @throws dataFolderInUse
 */
export function lockDataFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const pidFile = join(folder, 'server.pid');
  const lock = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 });
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    throw errors.dataFolderInUse({ folder, pid: readOwner(pidFile) }, error);
  }
  held.add(lock);
  writeFileSync(pidFile, String(process.pid));
  return () => {
    if (held.delete(lock)) lock.close();
  };
}

/** For the message only: who holds the lock may not have written it yet. */
function readOwner(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8');
  } catch {
    return 'unknown';
  }
}
