// Both sides of a comparison as processes of their own, started in the same way.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../scripts/steps.ts';

export interface RunningProcess {
  readonly url: string;
  /** Seconds of processor time so far, all threads together; null where the system does not tell. */
  cpuSeconds(): Promise<number | null>;
  /** The most memory it was given at once; null where the system does not tell. */
  peakBytes(): Promise<number | null>;
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
  const url = await readAddress(child, file);
  const pid = child.pid ?? 0;
  return {
    url,
    cpuSeconds: () => readCpuSeconds(pid),
    peakBytes: () => readPeakBytes(pid),
    stop: () => stop(child),
  };
}

/** Fields 14 and 15 of Linux's /proc/PID/stat, in hundredths of a second. */
export async function readCpuSeconds(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** `VmHWM` of Linux's /proc/PID/status, in kibibytes. */
export async function readPeakBytes(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(text ?? '')?.[1];
  return found === undefined ? null : Number(found) * 1024;
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
