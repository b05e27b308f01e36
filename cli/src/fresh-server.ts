import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { failures } from './failure.ts';

export interface FreshServer {
  readonly url: string;
  readonly pid: number;
  /** Ends the process and removes its folder. */
  close(): Promise<void>;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * A server of this program in a process of its own on an empty temporary folder: nothing of the server that
 * runs, of this process or of the environment's settings can lend it an answer. @throws serverNotStarted
 */
export async function startFreshServer(): Promise<FreshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemill-fresh-'));
  const child = spawn(process.execPath, [mainFile, ...argumentsFor(folder)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A child that is gone already must not make an error of our closing its input.
  child.stdin.on('error', () => {});
  const close = async () => {
    await endChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: await readAddress(child), pid: child.pid ?? 0, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** main.ts in a clone, main.js where we are built. */
const mainFile = join(import.meta.dirname, `main${extname(import.meta.filename)}`);

/** Everything that the environment could set otherwise is said. */
const argumentsFor = (folder: string): string[] => [
  'up',
  '--port=0',
  '--host=127.0.0.1',
  `--data=${folder}`,
  '--database=sqlite',
  '--exit-with-parent',
];

function readAddress(child: Child): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = `${complaint}${text}`.slice(-4000);
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const address = /listens on (\S+)/.exec(output)?.[1];
      if (address) resolve(address);
    });
    child.once('error', (error) => reject(failures.serverNotStarted(error.message)));
    child.once('exit', () => reject(failures.serverNotStarted(complaint || output)));
  });
}

/** Closing its input ends it in order (`--exit-with-parent`). */
async function endChild(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const deadline = setTimeout(() => child.kill('SIGKILL'), 10_000);
  child.stdin.end();
  await ended;
  clearTimeout(deadline);
}
