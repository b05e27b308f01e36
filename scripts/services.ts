// What the tests want from the machine besides Node: PostgreSQL, Redis, Chromium and Python with its packages.
// Without CI=true the machine is only asked, never changed: what is missing is skipped, aloud and counted.
// With CI=true and root, Debian's packages are installed and started, and a skip is a failure.
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import {
  ensureFeast,
  ensureMlflow2,
  ensureMlserver,
  ensureMoto,
  ensurePrometheus,
  ensurePythonEnvironment,
  ensureTorch,
  ensureTriton,
} from './python-environment.ts';

/** The variable is how tests hear of the service; empty means "not here, skip". */
export type Service = {
  readonly name: string;
  readonly variable: string;
  /** Where it answers (URL or path), null when it does not. */
  find(): Promise<string | null>;
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
  /** Starts what is installed and does not answer. */
  start?(): void;
  /** Not to be had everywhere: its tests carry this in their names and may be skipped, counted, in CI too. */
  readonly mark?: string;
};

export type FoundService = {
  readonly name: string;
  readonly variable: string;
  readonly where: string | null;
  readonly mark?: string;
};

const isCi = process.env.CI === 'true';
const mayInstall = isCi && process.platform === 'linux' && process.getuid?.() === 0;

/** Asks for the programs that tests speak to; in CI it installs and starts what does not answer. */
export const ensureServices = (): Promise<readonly FoundService[]> =>
  Promise.all(services.map(ensureService));

/**
 * The same for Python's packages, which may have to come over the network: minutes that the caller can use. The first
 * brings the interpreter and is what PyTorch is added to, so the others, side by side, come after it.
 */
export async function ensurePythons(): Promise<readonly FoundService[]> {
  const python = await ensureService(pythonService);
  return [python, ...(await Promise.all(pythonServices.map(ensureService)))];
}

async function ensureService(service: Service): Promise<FoundService> {
  const { name, variable, mark } = service;
  const asked = process.env[variable];
  const where = asked === '' ? null : ((await service.find()) ?? (await installAndFind(service)));
  console.log(where ? `✔ ${name}: ${withoutPassword(where)}` : `⚠ ${name}: not found, its tests are SKIPPED`);
  return { name, variable, where, ...(mark && { mark }) };
}

async function installAndFind(service: Service): Promise<string | null> {
  if (!mayInstall) return null;
  service.start?.();
  const started = await service.find();
  if (started) return started;
  if (service.packages.length === 0) return null;
  installPackages(service.packages);
  service.start?.();
  return waitFor(() => service.find());
}

let isIndexFresh = false;

function installPackages(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...parameters: string[]) =>
    execFileSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...parameters], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  console.log(`… installing ${packages.join(', ')}`);
  try {
    if (!isIndexFresh) aptGet('update');
    isIndexFresh = true;
    aptGet('install', '--yes', '--no-install-recommends', ...packages);
  } catch (error) {
    // Said here, counted as missing by the caller: one unreachable package must not hide the other results.
    console.error(
      `✘ apt-get install ${packages.join(' ')}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** A server just started needs a moment before it answers. */
async function waitFor(find: () => Promise<string | null>): Promise<string | null> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const where = await find();
    if (where) return where;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return null;
}

const services: readonly Service[] = [
  {
    name: 'PostgreSQL',
    variable: 'TIDEMILL_TEST_POSTGRES',
    packages: ['postgresql'],
    find: findPostgres,
    start: startPostgres,
  },
  {
    name: 'Redis',
    variable: 'TIDEMILL_TEST_REDIS',
    packages: ['redis-server'],
    find: findRedis,
    start: () => run('redis-server', '--daemonize', 'yes', '--port', '6379', '--save', '', '--dir', '/tmp'),
  },
  {
    name: 'Chromium',
    variable: 'TIDEMILL_TEST_CHROMIUM',
    packages: ['chromium'],
    find: async () => findChromium(),
  },
];

const pythonService: Service = {
  name: 'Python',
  variable: 'TIDEMILL_TEST_PYTHON',
  packages: ['python3', 'python3-venv'],
  find: () => ensurePythonEnvironment(),
};

const pythonServices: readonly Service[] = [
  {
    name: 'Python with MLflow 2',
    variable: 'TIDEMILL_TEST_MLFLOW2',
    packages: [],
    find: () => ensureMlflow2(),
  },
  {
    name: 'Python with moto (S3)',
    variable: 'TIDEMILL_TEST_MOTO',
    packages: [],
    find: () => ensureMoto(),
  },
  {
    name: 'Python with Feast',
    variable: 'TIDEMILL_TEST_FEAST',
    packages: [],
    find: () => ensureFeast(),
  },
  {
    name: 'Python with MLServer',
    variable: 'TIDEMILL_TEST_MLSERVER',
    packages: [],
    find: () => ensureMlserver(),
  },
  {
    name: 'Python with tritonclient',
    variable: 'TIDEMILL_TEST_TRITON',
    packages: [],
    find: () => ensureTriton(),
  },
  {
    name: "Python with Prometheus' parser",
    variable: 'TIDEMILL_TEST_PROMETHEUS',
    packages: [],
    find: () => ensurePrometheus(),
  },
  {
    name: 'PyTorch',
    variable: 'TIDEMILL_TEST_TORCH',
    packages: [],
    find: () => ensureTorch(),
    mark: '[torch]',
  },
];

const testAccount = 'postgres://tidemill_test:tidemill_test@127.0.0.1:5432/tidemill_test';

async function findPostgres(): Promise<string | null> {
  const asked = process.env.TIDEMILL_TEST_POSTGRES;
  const local = [
    'postgres://postgres@127.0.0.1:5432/postgres',
    'postgres://root@127.0.0.1:5432/postgres',
    testAccount,
  ];
  for (const connectionString of asked ? [asked] : local) {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      return connectionString;
    } catch {
      // The next account may be let in; none means the service is missing.
    } finally {
      await client.end().catch(() => {});
    }
  }
  return null;
}

/** Starts Debian's clusters and makes an account of our own: the machine's access rules stay as they are. */
function startPostgres(): void {
  const clusters = spawnSync('pg_lsclusters', ['--no-header'], { encoding: 'utf8' }).stdout ?? '';
  for (const line of clusters.split('\n')) {
    const [version, cluster, , status] = line.trim().split(/\s+/);
    if (version && cluster && status?.startsWith('down')) run('pg_ctlcluster', version, cluster, 'start');
  }
  const asPostgres = (sql: string) => run('su', 'postgres', '-c', `psql --quiet --command "${sql}"`);
  asPostgres("create role tidemill_test login createdb password 'tidemill_test'");
  asPostgres('create database tidemill_test owner tidemill_test');
}

function findRedis(): Promise<string | null> {
  const url = process.env.TIDEMILL_TEST_REDIS || 'redis://127.0.0.1:6379';
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 6379), timeout: 2_000 });
    const settle = (where: string | null) => {
      socket.destroy();
      resolve(where);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    // An instance that asks for a password is a Redis too; whether the URL carries it, the tests will tell.
    socket.once('data', (reply) => settle(/^(\+PONG|-NOAUTH)/.test(reply.toString()) ? url : null));
    socket.once('timeout', () => settle(null));
    socket.once('error', () => settle(null));
  });
}

function findChromium(): string | null {
  const asked = process.env.TIDEMILL_TEST_CHROMIUM;
  if (asked) return existsSync(asked) ? asked : null;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const candidates = [
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ];
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Best effort: whether it helped, the next `find` says. */
function run(program: string, ...parameters: readonly string[]): void {
  spawnSync(program, parameters, { stdio: 'ignore' });
}

function withoutPassword(where: string): string {
  return where.replace(/:[^:@/]+@/, ':…@');
}
