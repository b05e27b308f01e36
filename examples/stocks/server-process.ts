import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const repository = join(import.meta.dirname, '../..');

export interface ServerProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `tidemill up` as its own process; it ends with us, even if we are killed. */
export async function startServer(options: {
  data: string;
  port: number;
  /** Default: TIDEMILL_DATABASE, or SQLite in the data folder. */
  database?: string;
}): Promise<ServerProcess> {
  const args = ['up', '--port', String(options.port), '--data', options.data, '--exit-with-parent'];
  // What the server would log of an alert, the story tells.
  args.push('--log-level', 'error');
  if (options.database) args.push('--database', options.database);
  const child = spawn(process.execPath, [join(repository, 'cli/src/main.ts'), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { UV_THREADPOOL_SIZE: '8', ...process.env },
  });
  const url = await readAddress(child);
  return { url, stop: () => stop(child) };
}

async function readAddress(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the server has no standard output');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /https?:\/\/\S+/.exec(line)?.[0];
    if (url) return url;
  }
  throw new Error('Tidemill did not start; its reason stands above.');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** The port itself if it is free, otherwise any free one. */
export function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      wanted !== 0 && error.code === 'EADDRINUSE' ? resolve(freePort(0)) : reject(error),
    );
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : wanted));
    });
  });
}
