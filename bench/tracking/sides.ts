// The sides of `tracking`: ours, `mlflow server`, and a bare control; each a process group of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { root } from '../../scripts/steps.ts';

export type DatabaseKind = 'sqlite' | 'postgres';
/** `normal` survives the death of the process, `full` of the machine. */
export type Synchronous = 'normal' | 'full';

export interface Side {
  readonly name: string;
  readonly url: string;
  /** From the start of the process to its first answered request. */
  readonly startedIn: number;
  /** Of the peer, for putting rows into it without its server. */
  readonly database?: string;
  /** Of all its processes together; null where the system does not tell. */
  memoryMiB(): Promise<number | null>;
  stop(): Promise<void>;
}

export interface Wish {
  readonly folder: string;
  readonly database: DatabaseKind;
  readonly synchronous?: Synchronous;
}

export const mlflowVersion = '3.17.2';
/** Of the peer; the variable tries others. */
const workers = process.env.TIDEMILL_BENCH_MLFLOW_WORKERS || '1';
const postgresUrl = process.env.TIDEMILL_TEST_POSTGRES || 'postgres://postgres@127.0.0.1:5432/postgres';

/** `tidemill up` as anybody starts it. */
export async function startOurs({ folder, database, synchronous = 'normal' }: Wish): Promise<Side> {
  const own = database === 'postgres' ? await createDatabase() : null;
  const port = await freePort();
  const durability = synchronous === 'full' ? 'power' : 'process';
  const words = ['up', '--port', String(port), '--data', join(folder, `ours-${port}`), '--exit-with-parent'];
  const file = join(root, 'cli/bin/tidemill.js');
  const options = process.env.TIDEMILL_BENCH_NODE_OPTIONS?.split(' ').filter(Boolean) ?? [];
  const command = [process.execPath, ...options, file, ...words, '--durability', durability];
  if (own) command.push('--database', own.url);
  return launch(`ours, ${database}`, command, { port, health: '/api/v1/status', drop: own?.drop });
}

/** `mlflow server` without what it would do besides: no jobs, no telemetry. */
export async function startPeer(python: string, wish: Wish): Promise<Side> {
  const own = wish.database === 'postgres' ? await createDatabase() : null;
  const port = await freePort();
  const data = join(wish.folder, `mlflow-${port}`);
  const store = own ? own.url.replace(/^postgres(ql)?:/, 'postgresql+psycopg2:') : `sqlite:///${data}.db`;
  const command = [
    ...[python, '-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port)],
    ...['--workers', workers, '--backend-store-uri', store, '--artifacts-destination', data],
    ...['--uvicorn-opts', '--log-level error --no-access-log'],
  ];
  const side = await launch(`mlflow, ${wish.database}`, command, {
    port,
    health: '/health',
    drop: own?.drop,
    env: {
      PYTHONPATH: join(import.meta.dirname, 'peer'),
      // At FULL it runs as it comes: a rollback journal.
      BENCH_SYNCHRONOUS: wish.synchronous === 'full' ? '' : 'normal',
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      MLFLOW_LOGGING_LEVEL: 'ERROR',
      PYTHONWARNINGS: 'ignore',
    },
  });
  return { ...side, database: store };
}

/** The control: a Fastify route with one prepared insert, a PUT that hashes. */
export async function startBare({ folder, synchronous = 'normal' }: Wish): Promise<Side> {
  const port = await freePort();
  const file = join(import.meta.dirname, 'bare.ts');
  const command = [process.execPath, file, String(port), join(folder, `bare-${port}`), synchronous];
  return launch('bare', command, { port, health: '/health' });
}

interface Launch {
  readonly port: number;
  readonly health: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly drop?: (() => Promise<void>) | undefined;
}

const patience = 120_000;

async function launch(name: string, command: readonly string[], launched: Launch): Promise<Side> {
  const { port, health, env, drop } = launched;
  const [program = '', ...parameters] = command;
  const started = performance.now();
  const child = spawn(program, parameters, {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
    env: { ...process.env, NODE_ENV: 'production', ...env },
  });
  const end = () => endGroup(child);
  process.once('exit', end);
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    process.off('exit', end);
    await ended(child);
    await drop?.();
  };
  try {
    await untilAnswers(`${url}${health}`, child, name);
  } catch (error) {
    await stop();
    throw error;
  }
  const startedIn = performance.now() - started;
  return { name, url, startedIn, memoryMiB: () => groupMemory(child.pid ?? 0), stop };
}

async function untilAnswers(url: string, child: ChildProcess, name: string): Promise<void> {
  for (const until = performance.now() + patience; performance.now() < until; ) {
    if (child.exitCode !== null)
      throw new Error(`${name} ended before it listened; its reason stands above.`);
    const reply = await fetch(url).catch(() => null);
    await reply?.body?.cancel();
    if (reply?.ok) return;
    await pause(5);
  }
  throw new Error(`${name} did not answer within ${patience / 1000} s.`);
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(-(child.pid ?? 0), signal);
  } catch {
    // The group is gone already.
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    endGroup(child, 'SIGTERM');
    await Promise.race([gone, pause(5_000)]);
  }
  endGroup(child);
}

/** VmRSS of every process of the group. */
async function groupMemory(group: number): Promise<number | null> {
  const ids = await readdir('/proc').catch((): string[] => []);
  const sizes = await Promise.all(ids.filter((id) => /^\d+$/.test(id)).map((id) => residentOf(id, group)));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return total === 0 ? null : total / 1024;
}

async function residentOf(id: string, group: number): Promise<number> {
  const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (Number(fields[2]) !== group) return 0;
  const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

export async function createDatabase(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = `tidemill_bench_${randomBytes(6).toString('hex')}`;
  await asAdministrator(`create database ${name}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdministrator(`drop database if exists ${name} with (force)`) };
}

async function asAdministrator(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Whether the PostgreSQL halves can run at all. */
async function isPostgresThere(): Promise<boolean> {
  return asAdministrator('select 1').then(
    () => true,
    () => false,
  );
}

/** One database after the other; what failed on one is said and does not take the other's figures along. */
export async function onEachDatabase<T>(
  databases: readonly DatabaseKind[],
  say: (text: string) => void,
  work: (database: DatabaseKind) => Promise<readonly T[]>,
): Promise<T[]> {
  const all: T[] = [];
  for (const database of databases) {
    if (database === 'postgres' && !(await isPostgresThere())) continue;
    try {
      all.push(...(await work(database)));
    } catch (error) {
      say(`${database} failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  return all;
}
