/** Feast from PyPI, as its own command serves it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const call = promisify(execFile);

export interface FeastShape {
  readonly views: number;
  readonly features: number;
}

const environment = { ...process.env, FEAST_USAGE: 'False' };

/** Applies and materializes; gives the seconds that materializing took. */
export async function feastMaterialize(
  python: string,
  folder: string,
  { views, features }: FeastShape,
): Promise<number> {
  const script = join(import.meta.dirname, 'feast_repo.py');
  const parameters = [script, folder, String(views), String(features), 'sqlite'];
  const { stdout } = await call(python, parameters, { maxBuffer: 1e8, env: environment });
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { seconds: number }).seconds;
}

export interface FeastServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** `feast serve` with one worker; its access log is off, as it would only slow it. */
export async function startFeast(python: string, folder: string): Promise<FeastServer> {
  const port = await freePort();
  const parameters = ['serve', '-w', '1', '-h', '127.0.0.1', '-p', String(port), '--no-access-log'];
  // Its own script names the folder in which the environment was built, which is another one now.
  const command = 'from feast.cli.cli import cli; cli()';
  const child = spawn(python, ['-c', command, '-c', folder, ...parameters], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: environment,
    cwd: folder,
    detached: true,
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilHealthy(url, child);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return { url, stop: () => stop(child) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

async function untilHealthy(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`feast serve ended with ${child.exitCode}`);
    const isThere = await fetch(`${url}/health`).then(
      (reply) => reply.ok,
      () => false,
    );
    if (isThere) return;
    await pause(100);
  }
  throw new Error('feast serve did not answer within a minute');
}

/** Its worker is a process of its own: the group ends together. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGTERM');
  const timer = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}
