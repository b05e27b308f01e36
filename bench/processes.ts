// Both sides of a comparison as processes of their own, started in the same way.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../scripts/steps.ts';

export interface RunningProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** `tidemill up` on a free port and its own data folder. */
export const startTidemill = (data: string): Promise<RunningProcess> =>
  startServer('cli/src/main.ts', ['up', '--port', '0', '--data', data, '--exit-with-parent']);

/** Runs a file of the repository on this Node until it prints the address it listens on. */
export async function startServer(file: string, parameters: readonly string[]): Promise<RunningProcess> {
  const options = process.env.TIDEMILL_BENCH_NODE_OPTIONS?.split(' ').filter(Boolean) ?? [];
  const child = spawn(process.execPath, [...options, join(root, file), ...parameters], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return { url: await readAddress(child, file), stop: () => stop(child) };
}

async function readAddress(child: ChildProcess, file: string): Promise<string> {
  if (!child.stdout) throw new Error(`${file} has no standard output`);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /https?:\/\/\S+/.exec(line)?.[0];
    if (url) return url;
  }
  throw new Error(`${file} ended before it listened; its reason stands above.`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
