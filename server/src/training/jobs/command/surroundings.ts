/** What a command ran in, kept with its run: enough to make the same place again. */
import { arch, cpus, release, totalmem, type } from 'node:os';
import type {
  PythonEnvironments,
  PythonInspection,
} from '../../../adapters/python-environments/python-environments.ts';
import type { Experiments } from '../../experiments/service.ts';
import { toMet } from '../cache/met-environment.ts';
import type { RunCache } from '../cache/service.ts';
import type { JobFiles } from '../files/job-files.ts';
import { callerOf } from '../job-ends.ts';
import { type CommandRecord, filesOf } from '../rules.ts';
import type { CommandEnvironment } from './environment.ts';

export interface SurroundingsDependencies {
  readonly environments: Pick<PythonEnvironments, 'inspect'>;
  readonly experiments: Pick<Experiments, 'putArtifact'>;
  readonly files: Pick<JobFiles, 'open'>;
  readonly cache: Pick<RunCache, 'noteStart'>;
}

export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly made: CommandEnvironment | null;
  readonly signal: AbortSignal;
}

/** Folder of what is ours among the artifacts of a run. */
export const recordFolder = 'tidemill';

export function createSurroundings({ environments, experiments, files, cache }: SurroundingsDependencies) {
  /** Gives back how a reader is told. */
  return async function record(
    job: CommandRecord,
    { cwd, env, made, signal }: Surroundings,
  ): Promise<string> {
    const python = await environments.inspect({ command: job.spec.command, cwd, env, signal });
    const put = (name: string, content: AsyncIterable<Uint8Array> | Buffer) =>
      experiments.putArtifact({ id: job.runId, path: `${recordFolder}/${name}`, content }, callerOf(job));
    await put('environment.json', Buffer.from(`${JSON.stringify(describe(python, made), null, 2)}\n`));
    if (python)
      await put('requirements.lock', Buffer.from(python.packages.map((line) => `${line}\n`).join('')));
    for (const { path, content } of await files.open(filesOf(job), 'diff')) await put(path, content);
    await cache.noteStart(job, toMet(python, made?.made.digest ?? null).keyed);
    return say(python, made);
  };
}

function describe(python: PythonInspection | null, made: CommandEnvironment | null) {
  const [cpu] = cpus();
  return {
    python: python && {
      ...{ version: python.version, implementation: python.implementation, executable: python.executable },
      ...{ packages: python.packages.length, fingerprint: python.fingerprint },
    },
    madeFrom: made && { file: made.file, tool: made.made.tool, digest: made.made.digest },
    system: { name: type(), release: release(), machine: arch() },
    cpu: { model: cpu?.model ?? null, cores: cpus().length },
    memoryBytes: totalmem(),
  };
}

function say(python: PythonInspection | null, made: CommandEnvironment | null): string {
  if (!python) return 'no Python';
  const from = made ? `, from ${made.file} by ${made.made.tool}` : '';
  return `${python.implementation} ${python.version}, ${python.packages.length} packages${from}`;
}
