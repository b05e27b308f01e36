import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { errors } from '../../base/errors.ts';
import type { CommandOutcome, CommandSpec, Executor } from './executor.ts';

export interface LocalOptions {
  /** How long a command may take to end by itself after SIGTERM. */
  readonly graceMs?: number;
}

/** The group's number is that of its leader; it is gone when nobody is left in it. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

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

/** Commands as child processes on this machine. */
export function localExecutor({ graceMs = 5000 }: LocalOptions = {}): Executor {
  async function supervise(child: ChildProcess, { signal, timeoutMs }: CommandSpec): Promise<CommandOutcome> {
    let timedOut = false;
    let grace: NodeJS.Timeout | undefined;
    const end = () => {
      signalGroup(child, 'SIGTERM');
      grace ??= setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
    };
    const limit =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end();
          }, timeoutMs);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const outcome = await new Promise<CommandOutcome>((resolve) =>
      child.once('exit', (exitCode, killedBy) => resolve({ exitCode, signal: killedBy, timedOut })),
    );
    clearTimeout(limit);
    clearTimeout(grace);
    signal.removeEventListener('abort', end);
    // What the command left behind in the background must not outlive it.
    signalGroup(child, 'SIGKILL');
    return outcome;
  }

  return {
    async run(spec) {
      if (spec.signal.aborted) return { exitCode: null, signal: 'SIGTERM', timedOut: false };
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
