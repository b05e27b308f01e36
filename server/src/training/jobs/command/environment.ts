/** The Python environment that a command runs in, made before it starts. */
import { stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { CommandOutcome, Executor } from '../../../adapters/executor/executor.ts';
import type {
  BuildStep,
  PythonEnvironment,
  PythonEnvironments,
} from '../../../adapters/python-environments/python-environments.ts';
import { errors } from '../../../base/errors.ts';
import type { CommandRecord, CommandSpec } from '../rules.ts';
import { findEnvironmentFile } from './environment-file.ts';
import { type CommandFolder, lastLines } from './folder.ts';
import { introducing } from './leftover-process.ts';
import { notebookOf, notebookPackages } from './notebook.ts';

type Variables = Readonly<Record<string, string>>;

export interface EnvironmentDependencies {
  readonly executor: Executor;
  readonly environments: PythonEnvironments;
  /** What commands get of the server's environment. */
  readonly environment: Variables;
  /** What builds get beside it: indexes, proxies, certificates. */
  readonly buildEnvironment: Variables;
}

/** What a step of a build shares with the command that it is for. */
export interface BuildLimits {
  readonly mark: string;
  readonly outputBytes: number;
  readonly signal: AbortSignal;
  /** Of all steps together; undefined when the job may take as long as it likes. */
  readonly remainingMs: () => number | undefined;
  readonly onBuild: (description: string) => Promise<void>;
}

export interface CommandEnvironment {
  readonly file: string;
  readonly made: PythonEnvironment;
  /** What the command gets of it. */
  readonly variables: Variables;
}

export function createCommandEnvironments(deps: EnvironmentDependencies) {
  const { executor, environments } = deps;

  /** Null for a command that takes the Python it finds. @throws environmentFileInvalid, environmentNotBuilt */
  return async function prepare(
    job: CommandRecord,
    folder: CommandFolder,
    cwd: string,
    limits: BuildLimits,
  ): Promise<CommandEnvironment | null> {
    const found = await findEnvironmentFile(cwd, job.spec);
    if (!found) return null;
    const { file, kind } = found;
    const extra = notebookOf(job.spec) === null ? [] : notebookPackages;
    const [name = '', value = ''] = limits.mark.split('=');
    const { VIRTUAL_ENV: _, ...own } = activeIn(
      { ...deps.environment, ...deps.buildEnvironment, ...job.spec.environment },
      job.spec.environment,
    );
    const env: Record<string, string> = { ...own, [name]: value };
    let tool = '';
    const run = async (step: BuildStep): Promise<void> => {
      const { resources } = job.spec;
      const timeoutMs = limits.remainingMs();
      const outcome = await executor.run({
        command: introducing(folder.process, step.command),
        ...{ cwd: step.cwd, env: step.env, stdout: folder.stderr, stderr: folder.stderr },
        ...{ signal: limits.signal, mark: limits.mark, outputBytes: limits.outputBytes },
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(resources.memoryBytes !== null && { memoryBytes: resources.memoryBytes }),
      });
      limits.signal.throwIfAborted();
      if (outcome.exitCode === 0 && outcome.stoppedFor === null) return;
      const log = await lastLines(folder.stderr, 8);
      throw errors.environmentNotBuilt({ file, tool, log: `${log}${reasonOf(outcome, job.spec)}` });
    };
    const made = await environments.ensure({
      ...{ folder: cwd, file, kind, extra, env, run, signal: limits.signal },
      async onBuild(by) {
        tool = by;
        await limits.onBuild(`${file}, by ${by}`);
      },
    });
    return { file, made, variables: await activate(made, cwd, file, env) };
  };
}

const reasonOf = ({ stoppedFor }: CommandOutcome, { timeoutSeconds }: CommandSpec): string =>
  ({
    time: ` (it was ended, as it took longer than ${timeoutSeconds} seconds)`,
    memory: ' (it was killed, as it took more memory than the job may take)',
    output: ' (it was ended, as it wrote too much)',
    none: '',
  })[stoppedFor ?? 'none'];

/** The variables as they are once the environment that they name is active, if they name one. */
export function activeIn(variables: Variables, named: Variables): Variables {
  const folder = named.VIRTUAL_ENV ?? named.CONDA_PREFIX;
  if (folder === undefined || named.PATH !== undefined) return variables;
  return { ...variables, PATH: [join(folder, 'bin'), variables.PATH ?? ''].join(delimiter) };
}

/** What `bin/activate` does; a package that a project keeps in `src` can be imported as if it were installed. */
async function activate(
  { folder }: PythonEnvironment,
  cwd: string,
  file: string,
  { PATH = '', PYTHONPATH }: Variables,
): Promise<Variables> {
  const source = join(cwd, dirname(file), 'src');
  const isProject = /(?:pyproject\.toml|uv\.lock)$/.test(file) && (await stat(source).catch(() => null));
  return {
    VIRTUAL_ENV: folder,
    PATH: [join(folder, 'bin'), PATH].join(delimiter),
    ...(isProject && { PYTHONPATH: [source, ...(PYTHONPATH ? [PYTHONPATH] : [])].join(delimiter) }),
  };
}
