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
import { rebuildLock } from '../files/job-files.ts';
import type { CommandRecord, CommandSpec } from '../rules.ts';
import { type EnvironmentFile, findEnvironmentFile } from './environment-file.ts';
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
  /** Where the command's own packages are: they are imported, and no part of the environment. */
  readonly imports: Variables;
}

/** What a command is going to find, as far as it is there. */
export interface FoundEnvironment {
  /** Null where it takes the Python it finds. */
  readonly digest: string | null;
  /** What its programs get; null where the environment is not made yet. */
  readonly variables: Variables | null;
}

export function createCommandEnvironments(deps: EnvironmentDependencies) {
  const { executor, environments } = deps;

  const requestOf = (
    spec: CommandSpec,
    { file, kind }: EnvironmentFile,
    cwd: string,
    variables: Variables,
    signal: AbortSignal,
  ) => {
    const extra = notebookOf(spec) === null ? [] : notebookPackages;
    const { VIRTUAL_ENV: _, ...env } = { ...namedIn(spec, deps.buildEnvironment), ...variables };
    return { folder: cwd, file, kind, extra, env, signal };
  };

  /** What is active for the command before an environment of its own is. */
  const namedIn = ({ environment }: CommandSpec, more: Variables = {}): Variables =>
    activeIn({ ...deps.environment, ...more, ...environment }, environment);

  return {
    /** Nothing is built. @throws environmentFileInvalid, environmentNotBuilt */
    async find(spec: CommandSpec, cwd: string, signal: AbortSignal): Promise<FoundEnvironment> {
      const file = await findEnvironmentFile(cwd, spec);
      if (!file) return { digest: null, variables: namedIn(spec) };
      const request = requestOf(spec, file, cwd, {}, signal);
      const { digest, folder } = await environments.find(request);
      const variables = folder && { ...namedIn(spec), ...activate(folder, request.env) };
      return { digest, variables: variables || null };
    },

    /** Null for a command that takes the Python it finds. @throws environmentFileInvalid, environmentNotBuilt */
    async prepare(
      { spec }: CommandRecord,
      folder: CommandFolder,
      cwd: string,
      limits: BuildLimits,
    ): Promise<CommandEnvironment | null> {
      const found = spec.rebuild ? frozen : await findEnvironmentFile(cwd, spec);
      if (!found) return null;
      const { file } = found;
      const [name = '', value = ''] = limits.mark.split('=');
      const place = spec.rebuild ? folder.path : cwd;
      const request = {
        ...requestOf(spec, found, place, { [name]: value }, limits.signal),
        ...(spec.rebuild && { python: spec.rebuild.python, extra: [] }),
      };
      let tool = '';
      const run = async (step: BuildStep): Promise<void> => {
        const { memoryBytes } = spec.resources;
        const timeoutMs = limits.remainingMs();
        const outcome = await executor.run({
          command: introducing(folder.process, step.command),
          ...{ cwd: step.cwd, env: step.env, stdout: folder.stderr, stderr: folder.stderr },
          ...{ signal: limits.signal, mark: limits.mark, outputBytes: limits.outputBytes },
          ...(timeoutMs !== undefined && { timeoutMs }),
          ...(memoryBytes !== null && { memoryBytes }),
        });
        limits.signal.throwIfAborted();
        if (outcome.exitCode === 0 && outcome.stoppedFor === null) return;
        const log = await lastLines(folder.stderr, 8);
        throw errors.environmentNotBuilt({ file, tool, log: `${log}${reasonOf(outcome, spec)}` });
      };
      const made = await environments.ensure({
        ...request,
        run,
        async onBuild(by) {
          tool = by;
          await limits.onBuild(`${file}, by ${by}`);
        },
      });
      const variables = activate(made.folder, request.env);
      return { file, made, variables, imports: await importsOf(cwd, file, request.env) };
    },
  };
}

export type CommandEnvironments = ReturnType<typeof createCommandEnvironments>;

/** Of a rebuild: all that was there, and nothing else. */
const frozen: EnvironmentFile = { file: rebuildLock, kind: 'frozen' };

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

/** What `bin/activate` does. */
const activate = (folder: string, { PATH = '' }: Variables): Variables => ({
  VIRTUAL_ENV: folder,
  PATH: [join(folder, 'bin'), PATH].join(delimiter),
});

/** A package that a project keeps in `src` can be imported as if it were installed. */
async function importsOf(cwd: string, file: string, { PYTHONPATH }: Variables): Promise<Variables> {
  const source = join(cwd, dirname(file), 'src');
  const isProject = /(?:pyproject\.toml|uv\.lock)$/.test(file) && (await stat(source).catch(() => null));
  return isProject ? { PYTHONPATH: [source, ...(PYTHONPATH ? [PYTHONPATH] : [])].join(delimiter) } : {};
}
