import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { errors } from '../../base/errors.ts';
import type { CommandOutcome, CommandSpec, Executor } from './executor.ts';
import { listDescendants, listMarked, measure, proportionalBytes } from './process-tree.ts';

export interface LocalOptions {
  /** How long a command may take to end by itself after SIGTERM. */
  readonly graceMs?: number;
}

/** Often enough that a command over its memory is ended before the machine suffers. */
const watchMs = 250;
/** Sooner at first: what a command has used cannot be seen any more when it has ended. */
const firstLooksMs = [20, 20, 40, 80];
/** Every so many looks, also for processes that have left their parents. */
const thorough = 20;

async function start(spec: CommandSpec, output: readonly FileHandle[]): Promise<ChildProcess> {
  const [program = '', ...args] = spec.command;
  const child = spawn(program, args, {
    cwd: spec.cwd,
    env: { ...spec.env },
    // A process group of its own, so that the whole tree can be ended and Ctrl+C does not reach it.
    detached: true,
    stdio: ['ignore', ...output.map((file) => file.fd)],
  });
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child));
    child.once('error', reject);
  });
}

const notStarted = (spec: CommandSpec, error: unknown) =>
  errors.commandNotStarted(
    { command: spec.command.join(' '), reason: error instanceof Error ? error.message : String(error) },
    error,
  );

/** The group's number is that of its leader; it is gone when nobody is left in it. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function signalMarked(mark: string, signal: NodeJS.Signals): Promise<void> {
  for (const each of await listMarked(mark)) {
    try {
      process.kill(each, signal);
    } catch {
      // It ended by itself.
    }
  }
}

/** The group, and whoever left it. */
async function signalTree(pid: number, mark: string | undefined, signal: NodeJS.Signals): Promise<void> {
  signalGroup(pid, signal);
  if (mark !== undefined) await signalMarked(mark, signal);
}

/** Looks at a command as long as it runs, and says what it has taken too much of. */
function watchUsage(spec: CommandSpec, pid: number, stop: (why: 'memory' | 'output') => void): () => void {
  const { mark, memoryBytes = Number.POSITIVE_INFINITY, outputBytes = Number.POSITIVE_INFINITY } = spec;
  let strays: readonly number[] = [];
  let looks = 0;
  let ended = false;
  let timer: NodeJS.Timeout;
  async function look(): Promise<void> {
    looks += 1;
    if (mark !== undefined && looks % thorough === 0) strays = await listMarked(mark);
    const pids = [...new Set([...(await listDescendants(pid)), ...strays])];
    const usage = await measure(pids);
    if (ended) return;
    spec.onUsage?.(usage);
    if (usage.memoryBytes > memoryBytes && (await proportionalBytes(pids)) > memoryBytes) stop('memory');
    for (const path of [spec.stdout, spec.stderr])
      if (((await stat(path).catch(() => null))?.size ?? 0) > outputBytes) stop('output');
  }
  const again = () => {
    const pauseMs = firstLooksMs[looks] ?? watchMs;
    timer = setTimeout(() => void look().finally(() => ended || again()), pauseMs);
  };
  again();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** Commands as child processes on this machine. */
export function localExecutor({ graceMs = 5000 }: LocalOptions = {}): Executor {
  async function supervise(child: ChildProcess, spec: CommandSpec): Promise<CommandOutcome> {
    const { signal, timeoutMs, mark } = spec;
    const pid = child.pid as number;
    let stoppedFor: CommandOutcome['stoppedFor'] = null;
    let grace: NodeJS.Timeout | undefined;
    const end = () => {
      void signalTree(pid, mark, 'SIGTERM');
      grace ??= setTimeout(() => void signalTree(pid, mark, 'SIGKILL'), graceMs);
    };
    const stopFor = (why: NonNullable<CommandOutcome['stoppedFor']>) => {
      stoppedFor ??= why;
      // Whoever takes too much memory may not be able to end by itself any more.
      if (why === 'memory') void signalTree(pid, mark, 'SIGKILL');
      else end();
    };
    const limit = timeoutMs === undefined ? undefined : setTimeout(() => stopFor('time'), timeoutMs);
    const endWatch = watchUsage(spec, pid, stopFor);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const outcome = await new Promise<Pick<CommandOutcome, 'exitCode' | 'signal'>>((resolve) =>
      child.once('exit', (exitCode, killedBy) => resolve({ exitCode, signal: killedBy })),
    );
    clearTimeout(limit);
    clearTimeout(grace);
    endWatch();
    signal.removeEventListener('abort', end);
    // What the command left behind in the background must not outlive it.
    await signalTree(pid, mark, 'SIGKILL');
    return { ...outcome, stoppedFor };
  }

  return {
    endMarked: (mark) => signalMarked(mark, 'SIGKILL'),

    async run(spec) {
      if (spec.signal.aborted) return { exitCode: null, signal: 'SIGTERM', stoppedFor: null };
      const files: FileHandle[] = [];
      try {
        for (const path of [spec.stdout, spec.stderr]) files.push(await open(path, 'a'));
        const child = await start(spec, files);
        return await supervise(child, spec);
      } catch (error) {
        throw notStarted(spec, error);
      } finally {
        for (const file of files) await file.close();
      }
    },
  };
}
