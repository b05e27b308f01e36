// The Python that tests speak through (the real `mlflow` client and friends), built once per list of packages.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './steps.ts';

const call = promisify(execFile);

const testRequirements = join(root, 'e2e/python/requirements.txt');
/** pandas 3 and scikit-learn 1.8 ask for it. */
const oldestMinor = 11;
const candidates = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];

type Interpreter = { readonly program: string; readonly version: string };

/** Path of the prepared environment's `python`; null (after a word of why) where it cannot be had. */
export async function ensurePythonEnvironment(): Promise<string | null> {
  const asked = process.env.TIDEMILL_TEST_PYTHON;
  if (asked) return existsSync(asked) ? asked : null;
  return ensurePackages(testRequirements, 'python');
}

/** The `python` of an environment with just these packages, made once per list in the cache; null where it cannot be had. */
export async function ensurePackages(requirements: string, prefix: string): Promise<string | null> {
  const interpreter = await findInterpreter();
  if (!interpreter) return null;
  const wanted = await readFile(requirements, 'utf8');
  const digest = createHash('sha256').update(`${wanted}\n${interpreter.version}`).digest('hex').slice(0, 16);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidemill');
  const folder = join(cache, `${prefix}-${digest}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    if (!(await build(interpreter, folder, requirements))) return null;
  }
  return join(folder, 'bin/python');
}

async function findInterpreter(): Promise<Interpreter | null> {
  for (const program of candidates) {
    // ensurepip missing is Debian's python3 without python3-venv: no environment can be made with it.
    const script =
      'import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1], sys.executable)';
    const reply = await call(program, ['-c', script]).catch(() => null);
    const [major, minor, path] = reply?.stdout.trim().split(' ') ?? [];
    if (path && Number(major) === 3 && Number(minor) >= oldestMinor)
      return { program: path, version: `${major}.${minor}` };
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
    const reason = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
    console.error(`⚠ Python packages of ${requirements} could not be installed: ${reason}`);
    return false;
  } finally {
    await rm(growing, { recursive: true, force: true });
  }
}

async function install(interpreter: Interpreter, folder: string, requirements: string): Promise<void> {
  const options = { maxBuffer: 16 * 2 ** 20 };
  const hasUv = await call('uv', ['--version']).then(
    () => true,
    () => false,
  );
  const python = join(folder, 'bin/python');
  if (hasUv) {
    await call('uv', ['venv', '--python', interpreter.program, folder], options);
    await call('uv', ['pip', 'install', '--python', python, '--requirement', requirements], options);
    return;
  }
  await call(interpreter.program, ['-m', 'venv', folder], options);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  await call(python, ['-m', 'pip', 'install', ...quiet, '--requirement', requirements], options);
}
