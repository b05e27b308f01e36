import { readFileSync } from 'node:fs';

/** A dead process may stay as a zombie where nobody collects orphans, as in containers. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    // No /proc here: that it took the signal must do.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
