// Servers as a user starts them, on SQLite and on PostgreSQL, each with a database of its own that vanishes with it.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { startServer, type TestServer } from '../cli-process.ts';

const postgresUrl = process.env.TIDEMILL_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres';

export const databases = ['sqlite', 'postgres'] as const;
export type DatabaseKind = (typeof databases)[number];

export const isThere = (kind: DatabaseKind): boolean => kind === 'sqlite' || postgresUrl !== '';

export interface Place {
  /** A server on this place's data; again after `kill`, it finds what the last one left. */
  start(...words: readonly string[]): Promise<TestServer>;
  readonly data: string;
  /** How other commands are told of the database. */
  readonly words: readonly string[];
  readonly folder: string;
  remove(): Promise<void>;
}

export async function createPlace(kind: DatabaseKind): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemill-mlflow-'));
  const data = join(folder, 'data');
  const database = kind === 'postgres' ? await createDatabase() : null;
  const where = database ? ['--database', database.url] : [];
  const started: TestServer[] = [];
  return {
    data,
    folder,
    words: ['--data', data, ...where],
    async start(...words) {
      const server = await startServer(data, ...where, ...words);
      started.push(server);
      return server;
    },
    async remove() {
      for (const server of started) await server.stop();
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createDatabase() {
  const name = `tidemill_mlflow_${randomBytes(6).toString('hex')}`;
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

export interface Report {
  readonly version: string;
  readonly steps: Readonly<Record<string, number>>;
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface Telling {
  readonly python: string;
  /** Another HOME: what a client keeps there is nobody's. */
  readonly home: string;
  readonly url: string;
  readonly options?: readonly string[];
  /** Hears every line; the answer, if any, is the story's next line of standard input. */
  readonly onLine?: (line: string) => Promise<string | undefined>;
}

const own = (name: string): boolean => name.startsWith('MLFLOW_') || name.startsWith('TIDEMILL_');

/** Runs one story of this folder. @throws with all it printed when one of its steps failed */
export async function tell(story: string, telling: Telling): Promise<Report> {
  const { python, home, url, options = [], onLine } = telling;
  const child = startPython(python, home, [`${story}.py`, url, ...options]);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let last = '';
  for await (const line of createInterface(child.stdout)) {
    last = line;
    const answer = await onLine?.(line);
    if (answer !== undefined) child.stdin.write(`${answer}\n`);
  }
  return toReport(story, { code: (await ended) ?? -1, last, said });
}

export interface Teller {
  /** Runs one story of this folder. @throws with all it printed when one of its steps failed */
  tell(story: string, options?: readonly string[]): Promise<Report>;
  stop(): Promise<void>;
}

interface Told {
  readonly id: number;
  readonly code: number;
  readonly last: string;
  readonly said: string;
}

/** Tells many stories by a client that is imported once; each is a process of its own all the same. */
export function openTeller({ python, home, url }: Omit<Telling, 'options' | 'onLine'>): Teller {
  const child = startPython(python, home, ['together.py', url]);
  const waiting = new Map<number, (told: Told) => void>();
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'close').then(() => {
    for (const [id, resolve] of waiting) resolve({ id, code: -1, last: '', said });
  });
  createInterface(child.stdout).on('line', (line) => {
    const told = JSON.parse(line) as Told;
    waiting.get(told.id)?.(told);
    waiting.delete(told.id);
  });
  let asked = 0;
  return {
    async tell(story, options = []) {
      const id = ++asked;
      const answer = new Promise<Told>((resolve) => waiting.set(id, resolve));
      child.stdin.write(`${JSON.stringify({ id, story, options })}\n`);
      return toReport(story, await answer);
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

function toReport(story: string, { code, last, said }: Omit<Told, 'id'>): Report {
  if (code !== 0) throw new Error(`${story}.py ended with ${code}:\n${said.slice(-6000)}`);
  return JSON.parse(last) as Report;
}

function startPython(python: string, home: string, [script = '', ...words]: readonly string[]) {
  const inherited = Object.entries(process.env).filter(([name]) => !own(name));
  return spawn(python, [join(import.meta.dirname, script), ...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: home,
    env: { ...Object.fromEntries(inherited), HOME: home, PYTHONUNBUFFERED: '1' },
  });
}
