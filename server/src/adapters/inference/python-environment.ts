/** The interpreter of a model: an environment made from what the model itself says it needs. */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { errors, TidemillError } from '../../base/errors.ts';
import type { Executor } from '../executor/executor.ts';
import type { BuildStep, PythonEnvironments } from '../python-environments/python-environments.ts';

type Variables = Readonly<Record<string, string>>;

export interface EnvironmentDependencies {
  readonly executor: Pick<Executor, 'run'>;
  readonly environments: Pick<PythonEnvironments, 'ensure'>;
  /** What programs get: `PATH` says which Python, and whether there is a `uv`. */
  readonly environment: Variables;
  /** What building gets beside that: where packages come from. */
  readonly buildEnvironment: Variables;
}

export interface Needs {
  /** The file that says so. */
  readonly file: string;
  readonly python?: string;
  /** Lines as pip reads them; null when the file is such a list itself. */
  readonly requirements: readonly string[] | null;
}

const longestLog = 2000;
const buildMs = 30 * 60_000;

const readYaml = async (path: string): Promise<Record<string, unknown>> => {
  const text = await readFile(path, 'utf8').catch(() => '');
  const value: unknown = text === '' ? {} : parse(text, { version: '1.1', schema: 'core', customTags: [] });
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
};

/** MLflow writes all three; by hand there may be one. Null when none says anything. */
export async function readNeeds(folder: string): Promise<Needs | null> {
  const virtual = await readYaml(join(folder, 'python_env.yaml'));
  const conda = await readYaml(join(folder, 'conda.yaml'));
  const condaLines = listOf(conda.dependencies);
  const condaPython = condaLines.flatMap(
    (line) => /^python\s*={1,2}\s*([\d.]+)/.exec(String(line))?.[1] ?? [],
  );
  const python = typeof virtual.python === 'string' ? virtual.python : condaPython[0];
  const version = python === undefined ? {} : { python };
  if (await stat(join(folder, 'requirements.txt')).catch(() => null))
    return { file: 'requirements.txt', ...version, requirements: null };
  if (Array.isArray(virtual.dependencies))
    return { file: 'python_env.yaml', ...version, requirements: virtual.dependencies.map(String) };
  if (condaLines.length === 0) return null;
  return { file: 'conda.yaml', ...version, requirements: condaLines.flatMap(fromConda) };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Packages from PyPI as they are; those of conda by the same name, with pip's sign for a version. */
function fromConda(line: unknown): string[] {
  if (typeof line === 'object' && line !== null && 'pip' in line) return listOf(line.pip).map(String);
  const text = String(line).trim();
  if (/^(?:python|pip)\b(?!-)/.test(text)) return [];
  return [text.replace(/^([\w.-]+)\s*=\s*(?=[^=])([^=]+)(?:=.*)?$/, '$1==$2')];
}

/**
 * The interpreter, its environment built unless there is one.
 * @throws modelEnvironmentNotBuilt in the words of the program that could not make it
 */
export async function modelPython(
  deps: EnvironmentDependencies,
  {
    model,
    folder,
    scratch,
    signal,
    onBuild,
  }: {
    model: string;
    folder: string;
    scratch: string;
    signal: AbortSignal;
    onBuild?: (tool: string) => void;
  },
): Promise<string> {
  const needs = await readNeeds(folder);
  if (!needs) {
    const log = 'there is neither requirements.txt nor python_env.yaml nor conda.yaml in the model folder';
    throw errors.modelEnvironmentNotBuilt({ model, file: 'requirements.txt', tool: 'Tidemill', log });
  }
  const lists = join(scratch, 'environment');
  const log = join(scratch, 'environment.log');
  await mkdir(lists, { recursive: true });
  const text = needs.requirements?.join('\n') ?? (await readFile(join(folder, needs.file), 'utf8'));
  if (needs.requirements) await writeFile(join(lists, 'requirements.txt'), `${text}\n`);
  let tool = '';
  const run = async ({ command, cwd, env }: BuildStep): Promise<void> => {
    const outcome = await deps.executor.run({
      command,
      cwd,
      env,
      stdout: log,
      stderr: log,
      timeoutMs: buildMs,
      signal,
    });
    signal.throwIfAborted();
    if (outcome.exitCode === 0) return;
    const late = outcome.stoppedFor === 'time' ? ' (it was ended after 30 minutes)' : '';
    const said = `${await wordsOf(log)}${late}`;
    throw errors.modelEnvironmentNotBuilt({ model, file: needs.file, tool, log: said });
  };
  try {
    const made = await deps.environments.ensure({
      folder: needs.requirements ? lists : folder,
      file: 'requirements.txt',
      kind: 'requirements',
      ...(needs.python !== undefined && { python: needs.python }),
      extra: moreThan(text),
      env: { ...deps.environment, ...deps.buildEnvironment },
      async onBuild(by) {
        tool = by;
        onBuild?.(by);
      },
      run,
      signal,
    });
    return join(made.folder, 'bin', 'python');
  } catch (error) {
    if (!(error instanceof TidemillError) || error.code !== 'environmentNotBuilt') throw error;
    const said = { tool: String(error.details.tool), log: String(error.details.log) };
    throw errors.modelEnvironmentNotBuilt({ model, file: needs.file, ...said }, error);
  } finally {
    await rm(lists, { recursive: true, force: true });
  }
}

/** Rows reach a model by pyarrow, which `mlflow` brings and its small edition does not. */
function moreThan(requirements: string): string[] {
  if (/^mlflow(?![\w.-])/m.test(requirements)) return [];
  return [/^mlflow-skinny\b/m.test(requirements) ? 'pyarrow' : 'mlflow'];
}

/** What the resolver said last, without pip's advice to update it. */
async function wordsOf(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).trim().split('\n');
  const told = lines.filter((line) => line.trim() !== '' && !line.startsWith('[notice]'));
  const complaints = told.filter((line) => /^(?:error|\s*[×╰─▶])|no solution/i.test(line));
  return (complaints.length > 0 ? complaints : told).slice(-8).join('\n').slice(-longestLog);
}
