/**
 * A command outlives a server that was killed. It writes down who it is before it becomes the user's program, so the
 * next server finds it, however early the first one died.
 */
import { readFile, stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** `$$` and start time name a process for ever: `exec` keeps both, a reused id has another start. */
const introduce = `file=$1; shift; { cat "/proc/$$/stat" 2>/dev/null || /bin/ps -o pid=,lstart= -p $$; } > "$file"; exec "$@"`;
/** Whoever a program that cannot be started is told by. */
const introducer = 'tidemill';

/** The same command, started by a shell that first writes its identity to `file`. */
export const introducing = (file: string, command: readonly string[]): string[] => [
  '/bin/sh',
  '-c',
  introduce,
  introducer,
  file,
  ...command,
];

/** Kills what is left of the process group that `file` names, and waits until it is gone. */
export async function endLeftover(file: string): Promise<void> {
  const recorded = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(recorded, 10);
  if (!(pid > 1) || (await isFromBeforeBoot(file)) || (await isReused(pid, recorded))) return;
  for (;;) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      return;
    }
    // Where nobody collects orphans (a container without init) the dead stay listed.
    if (/\) [ZX] /.test(await statOf(pid))) return;
    await pause(20);
  }
}

async function isFromBeforeBoot(file: string): Promise<boolean> {
  const { mtimeMs } = await stat(file);
  return mtimeMs < Date.now() - uptime() * 1000;
}

/** A leader that is gone proves nothing: its group may live on, and then nobody else can have its number. */
async function isReused(pid: number, recorded: string): Promise<boolean> {
  const now = await statOf(pid);
  return now !== '' && startOf(now) !== startOf(recorded);
}

const statOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');

/** Field 22, counted behind the program's name, which may hold spaces and brackets. */
const startOf = (text: string): string | undefined => text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
