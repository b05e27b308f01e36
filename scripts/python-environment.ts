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

/**
 * The tests' own `python` once it has PyTorch; null where only a build with CUDA is to be had: gigabytes that no test
 * looks at. Asked again at every run, because the next machine, or the next release, may have one.
 */
export async function ensureTorch(): Promise<string | null> {
  const python = await ensurePythonEnvironment();
  if (!python) return null;
  if (await hasModule(python, 'torch')) return python;
  if (process.env.TIDEMILL_TEST_PYTHON) return null;
  const list = join(root, 'python/requirements-torch.txt');
  try {
    const plan = await planInstall(python, list);
    const cuda = plan.find((name) => /^(nvidia|cuda|triton)/.test(name));
    if (cuda) throw new Error(`only a build that brings ${cuda} is to be had`);
    await installInto(python, list);
    return python;
  } catch (error) {
    console.error(`⚠ ${list} was not installed: ${lastLine(error)}`);
    return null;
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
export async function ensurePackages(requirements: string, prefix: string): Promise<string | null> {
  const interpreter = await findInterpreter();
  if (!interpreter) return null;
  const wanted = await readList(requirements);
  const digest = createHash('sha256').update(`${wanted}\n${interpreter.version}`).digest('hex').slice(0, 16);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidemill');
  const folder = join(cache, `${prefix}-${digest}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    if (!(await build(interpreter, folder, requirements))) return null;
  }
  return join(folder, 'bin/python');
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
async function build(interpreter: Interpreter, folder: string, requirements: string): Promise<boolean> {
  const growing = `${folder}.${randomBytes(4).toString('hex')}`;
  // Not on standard output: `bench --json` prints its lines there.
  console.error(`… building a Python ${interpreter.version} environment in ${folder} (once)`);
  try {
    await install(interpreter, growing, requirements);
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

async function install(interpreter: Interpreter, folder: string, requirements: string): Promise<void> {
  if (await hasUv()) await call('uv', ['venv', '--python', interpreter.program, folder], roomy);
  else await call(interpreter.program, ['-m', 'venv', folder], roomy);
  await installInto(join(folder, 'bin/python'), requirements);
}

async function installInto(python: string, requirements: string): Promise<void> {
  if (await hasUv())
    await call('uv', ['pip', 'install', '--python', python, '--requirement', requirements], roomy);
  else await call(python, ['-m', 'pip', 'install', ...quiet, '--requirement', requirements], roomy);
}

const hasUv = (): Promise<boolean> =>
  call('uv', ['--version']).then(
    () => true,
    () => false,
  );

const lastLine = (error: unknown): string =>
  error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
