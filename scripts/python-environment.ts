// The Python that tests speak through (the real `mlflow` client and friends), built once per list of packages.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './steps.ts';

const call = promisify(execFile);

const listIn = (file: string) => join(root, 'e2e/mlflow', file);
const testRequirements = listIn('requirements.txt');
const torchRequirements = join(root, 'python/requirements-torch.txt');
/** pandas 3 asks for the oldest; TensorFlow has no build beyond the newest. */
const oldestMinor = 11;
const newestMinor = 13;
const candidates = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];

type Interpreter = { readonly program: string; readonly version: string };

/** Path of the prepared environment's `python`; null (after a word of why) where it cannot be had. */
export async function ensurePythonEnvironment(): Promise<string | null> {
  const asked = process.env.TIDEMILL_TEST_PYTHON;
  if (asked) return existsSync(asked) ? asked : null;
  return ensurePackages(testRequirements, 'python');
}

/** The `python` with the last client of MLflow 2; null where it cannot be had. */
export async function ensureMlflow2(): Promise<string | null> {
  const asked = process.env.TIDEMILL_TEST_MLFLOW2;
  if (asked) return existsSync(asked) ? asked : null;
  return ensurePackages(listIn('requirements-mlflow2.txt'), 'mlflow2');
}

/** The `python` with moto, which serves S3 to the tests; null where it cannot be had. */
export async function ensureMoto(): Promise<string | null> {
  const asked = process.env.TIDEMILL_TEST_MOTO;
  if (asked) return existsSync(asked) ? asked : null;
  return ensurePackages(join(root, 'e2e/data/requirements.txt'), 'moto');
}

/** The `python` with Feast, whose client reads and writes online features; null where it cannot be had. */
export async function ensureFeast(): Promise<string | null> {
  const asked = process.env.TIDEMILL_TEST_FEAST;
  if (asked) return existsSync(asked) ? asked : null;
  return ensurePackages(join(root, 'e2e/data/requirements-feast.txt'), 'feast');
}

/** The `python` with tritonclient, which speaks the Open Inference Protocol; null where it cannot be had. */
export async function ensureTriton(): Promise<string | null> {
  const asked = process.env.TIDEMILL_TEST_TRITON;
  if (asked) return existsSync(asked) ? asked : null;
  return ensurePackages(join(root, 'e2e/serving/requirements-triton.txt'), 'triton');
}

/** The `python` with the parser of Prometheus' client; null where it cannot be had. */
export async function ensurePrometheus(): Promise<string | null> {
  const asked = process.env.TIDEMILL_TEST_PROMETHEUS;
  if (asked) return existsSync(asked) ? asked : null;
  return ensurePackages(join(root, 'e2e/serving/requirements-prometheus.txt'), 'prometheus');
}

/** The `python` with MLServer, whose models tests ask; null where it cannot be had. */
export async function ensureMlserver(): Promise<string | null> {
  const asked = process.env.TIDEMILL_TEST_MLSERVER;
  if (asked) return existsSync(asked) ? asked : null;
  return ensurePackages(join(root, 'e2e/serving/requirements-mlserver.txt'), 'mlserver');
}

export interface Found {
  readonly python: string | null;
  /** Why not, and what to do. */
  readonly reason?: string;
}

type Say = (text: string) => void;

/**
 * The `python` with what a demo's trainers import: that of the tests where it is there, as it has the same packages and more,
 * else one of its own.
 */
export async function ensureTrainers(requirements: string, say: Say): Promise<Found> {
  const asked = process.env.TIDEMILL_TEST_PYTHON;
  if (asked && existsSync(asked)) return { python: asked };
  const interpreter = await findInterpreter();
  if (!interpreter) {
    const reason = `there is no Python 3.${oldestMinor} to 3.${newestMinor} that can make environments; install one (Debian: apt install python3 python3-venv)`;
    return { python: null, reason };
  }
  const ofTests = join(await folderOf(testRequirements, 'python', interpreter), 'bin/python');
  if (existsSync(ofTests)) return { python: ofTests };
  const python = await ensurePackages(requirements, 'trainers', say);
  if (python) return { python };
  return { python: null, reason: 'their packages could not be installed; the reason stands above' };
}

/**
 * The tests' own `python` once it has PyTorch; null where only a build with CUDA is to be had: gigabytes that no test
 * looks at. Asked again at every run, because the next machine, or the next release, may have one.
 */
export async function ensureTorch(): Promise<string | null> {
  const python = await ensurePythonEnvironment();
  if (!python) return null;
  const found = await addTorch(python);
  if (found.reason) console.error(`⚠ ${torchRequirements} was not installed: ${found.reason}`);
  return found.python;
}

/** The same `python`, once PyTorch is in it. */
export async function addTorch(python: string, say?: Say): Promise<Found> {
  if (await hasModule(python, 'torch')) return { python };
  if (process.env.TIDEMILL_TEST_PYTHON) return { python: null };
  try {
    const plan = await planInstall(python, torchRequirements);
    const cuda = plan.find((name) => /^(nvidia|cuda|triton)/.test(name));
    if (cuda) throw new Error(`only a build that brings ${cuda} is to be had`);
    await installInto(python, torchRequirements, say);
    return { python };
  } catch (error) {
    return { python: null, reason: `PyTorch could not be installed: ${lastLine(error)}` };
  }
}

async function hasModule(python: string, name: string): Promise<boolean> {
  const script = `import importlib.util, sys; sys.exit(importlib.util.find_spec('${name}') is None)`;
  return call(python, ['-c', script]).then(
    () => true,
    () => false,
  );
}

/** Names of the packages that would come. */
async function planInstall(python: string, list: string): Promise<readonly string[]> {
  if (await hasUv()) {
    const { stderr } = await call(
      'uv',
      ['pip', 'install', '--dry-run', '--python', python, '-r', list],
      roomy,
    );
    return [...stderr.matchAll(/^ \+ ([\w.-]+)==/gm)].map(([, name = '']) => name);
  }
  const parameters = ['-m', 'pip', 'install', ...quiet, '--dry-run', '--report', '-', '--requirement', list];
  const { stdout } = await call(python, parameters, roomy);
  const { install } = JSON.parse(stdout) as { install: { metadata: { name: string } }[] };
  return install.map(({ metadata }) => metadata.name);
}

/** The `python` of an environment with just these packages, made once per list in the cache; null where it cannot be had. */
export async function ensurePackages(
  requirements: string,
  prefix: string,
  say?: Say,
): Promise<string | null> {
  const interpreter = await findInterpreter();
  if (!interpreter) return null;
  const folder = await folderOf(requirements, prefix, interpreter);
  if (!existsSync(folder)) {
    await mkdir(dirname(folder), { recursive: true });
    if (!(await build(interpreter, folder, requirements, say))) return null;
  }
  return join(folder, 'bin/python');
}

async function folderOf(requirements: string, prefix: string, { version }: Interpreter): Promise<string> {
  const wanted = await readList(requirements);
  const digest = createHash('sha256').update(`${wanted}\n${version}`).digest('hex').slice(0, 16);
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidemill', `${prefix}-${digest}`);
}

/** The list with those it names by `--requirement` or `--constraint`: a change in any of them is another environment. */
async function readList(file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  const named = [...text.matchAll(/^--(?:requirement|constraint) (\S+)$/gm)].map(([, name = '']) => name);
  const others = await Promise.all(named.map((name) => readList(join(dirname(file), name))));
  return [text, ...others].join('\n');
}

async function findInterpreter(): Promise<Interpreter | null> {
  for (const program of candidates) {
    // ensurepip missing is Debian's python3 without python3-venv: no environment can be made with it.
    const script =
      'import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1], sys.executable)';
    const reply = await call(program, ['-c', script]).catch(() => null);
    const [major, minor, path] = reply?.stdout.trim().split(' ') ?? [];
    const fits = Number(major) === 3 && Number(minor) >= oldestMinor && Number(minor) <= newestMinor;
    if (path && fits) return { program: path, version: `${major}.${minor}` };
  }
  return null;
}

/**
 * Built under another name and renamed when whole, so a half-built one is never used.
 * The price: console scripts keep the old path; say `python -m mlflow`, not `bin/mlflow`.
 */
async function build(
  interpreter: Interpreter,
  folder: string,
  requirements: string,
  say?: Say,
): Promise<boolean> {
  const growing = `${folder}.${randomBytes(4).toString('hex')}`;
  // Not on standard output: `bench --json` prints its lines there.
  (say ?? console.error)(`… building a Python ${interpreter.version} environment in ${folder} (once)`);
  try {
    await install(interpreter, growing, requirements, say);
    await rename(growing, folder);
    return true;
  } catch (error) {
    // Another run may have finished the same environment in the meantime: then that one serves.
    if (existsSync(folder)) return true;
    console.error(`⚠ Python packages of ${requirements} could not be installed: ${lastLine(error)}`);
    return false;
  } finally {
    await rm(growing, { recursive: true, force: true });
  }
}

const roomy = { maxBuffer: 16 * 2 ** 20 };
const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];

async function install(
  interpreter: Interpreter,
  folder: string,
  requirements: string,
  say?: Say,
): Promise<void> {
  if (await hasUv()) await call('uv', ['venv', '--python', interpreter.program, folder], roomy);
  else await call(interpreter.program, ['-m', 'venv', folder], roomy);
  await installInto(join(folder, 'bin/python'), requirements, say);
}

async function installInto(python: string, requirements: string, say?: Say): Promise<void> {
  const list = ['--requirement', requirements];
  const [program, parameters] = (await hasUv())
    ? ['uv', ['pip', 'install', '--python', python, ...list]]
    : [python, ['-m', 'pip', 'install', ...(say ? loud : quiet), ...list]];
  const installing = call(program, parameters, roomy);
  const { child } = installing;
  if (say) for (const stream of [child.stdout, child.stderr]) stream?.on('data', progressOf(say));
  await installing;
}

const loud = ['--progress-bar', 'off', '--disable-pip-version-check', '--no-input'];

/** pip tells every package it looks at; one line of the story for each ten of them, and for what is large. */
function progressOf(say: Say): (part: unknown) => void {
  const packages = new Set<string>();
  return (part) => {
    const text = String(part);
    for (const [, name = ''] of text.matchAll(/^Collecting ([\w.-]+)/gm)) {
      packages.add(name);
      if (packages.size % 10 === 0) say(`packages: ${packages.size} found, now ${name}`);
    }
    for (const [, file, size] of text.matchAll(/^ *Downloading (\S+?)-\S* \(([\d.]+ MB)\)/gm))
      if (Number.parseFloat(size ?? '') >= 20) say(`packages: ${file} comes, ${size}`);
    if (/^Installing collected packages/m.test(text)) say(`packages: ${packages.size} are unpacked`);
  };
}

const hasUv = (): Promise<boolean> =>
  call('uv', ['--version']).then(
    () => true,
    () => false,
  );

const lastLine = (error: unknown): string =>
  error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
