import type { CachedRun, CacheMiss, CommandJob } from '@tidemill/contract';
import { type Db, transact } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import type { Experiments } from '../../experiments/service.ts';
import type { CommandInputs } from '../command/inputs.ts';
import type { JobFiles } from '../files/job-files.ts';
import { type CommandRecord, type CommandSpec, filesOf, type JobCache, type JobRecord } from '../rules.ts';
import { differingParts, type Keyed, tellDifferences, tellSame } from './differences.ts';
import { type JobKey, type KeyedEnvironment, toKey, toLocale } from './key.ts';
import type { MetEnvironment } from './met-environment.ts';
import { jobKeyStore, type KeyedEnd } from './store.ts';

export interface RunCacheDependencies {
  readonly db: Db;
  readonly experiments: Pick<Experiments, 'getRun' | 'artifactPaths' | 'findArtifactText' | 'getLoggedModel'>;
  readonly inputs: Pick<CommandInputs, 'digests'>;
  readonly files: Pick<JobFiles, 'list'>;
  findJob(id: string, workspace: string): Promise<JobRecord | null>;
  /** What commands get of the server's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Look {
  readonly key: JobKey;
  readonly found: JobCache;
  /** The newest job that succeeded with this key, whole or not. */
  readonly newest: string | null;
}

type Files = Pick<Keyed, 'code' | 'files'>;

/** So many of the newest runs are held against a command that none of them is. */
const mostHeld = 500;
/** Of runs that are the same, so many are looked at until one is whole. */
const mostSame = 20;

/** Finished commands, found again by what they were given. */
export function createRunCache(deps: RunCacheDependencies) {
  const { db, experiments, files } = deps;

  async function keyOf(job: CommandRecord, given: Files, environment: KeyedEnvironment): Promise<JobKey> {
    const inputs = await deps.inputs.digests(job.spec.inputs, job.workspace);
    const locale = toLocale(deps.environment);
    return toKey(job.spec, { ...given, inputs, locale }, environment);
  }

  /** Null when it is gone: deleted, ended anew by somebody, or without a file that it had. */
  async function findWhole(end: KeyedEnd, caller: Caller): Promise<WholeRun | null> {
    const job = await deps.findJob(end.jobId, caller.workspace);
    if (job?.kind !== 'command') return null;
    try {
      const run = await experiments.getRun({ id: job.runId }, caller);
      if (run.lifecycle !== 'active' || run.status !== 'FINISHED') return null;
      const there = new Set(await experiments.artifactPaths(run.id, '', caller.workspace));
      if (!end.results.artifacts.every((path) => there.has(path))) return null;
      for (const id of end.results.models)
        if ((await experiments.getLoggedModel({ id }, caller)).lifecycle !== 'active') return null;
      return { job, run };
    } catch (error) {
      if (error instanceof TidemillError && error.status === 404) return null;
      throw error;
    }
  }

  async function findSame(ends: readonly KeyedEnd[], caller: Caller): Promise<WholeRun | null> {
    for (const end of ends) {
      const found = await findWhole(end, caller);
      if (found) return found;
    }
    return null;
  }

  async function tellMiss(now: Keyed & { readonly key: string }, caller: Caller): Promise<CacheMiss> {
    const ends = await jobKeyStore(db).listNewest(caller.workspace, mostHeld);
    // Same words or same files at least: all others are not near.
    const near = ends.filter(({ parts }) => parts.command === now.parts.command || isSameCode(parts, now));
    const far = (end: KeyedEnd) => differingParts(now.parts, end.parts).length;
    for (const end of near.sort((a, b) => far(a) - far(b)).slice(0, mostSame)) {
      const found = await deps.findJob(end.jobId, caller.workspace);
      if (found?.kind !== 'command') continue;
      const nearest = { jobId: end.jobId, runId: found.runId, finishedAt: found.endedAt ?? found.createdAt };
      if (end.key === now.key)
        return { nearest, differs: ['its run was deleted or changed, or files of it were deleted'] };
      const then = { ...end, spec: found.spec, ...(await listFiles(found)) };
      const packages = await packagesOf(found.runId, caller);
      return { nearest, differs: tellDifferences(now, { ...then, packages }) };
    }
    return { nearest: null, differs: [] };
  }

  const listFiles = async (job: CommandRecord): Promise<Files> => ({
    code: await files.list(filesOf(job), 'code'),
    files: await files.list(filesOf(job), 'input'),
  });

  async function packagesOf(runId: string, caller: Caller): Promise<string[] | null> {
    const text = await experiments.findArtifactText(runId, 'tidemill/requirements.lock', caller.workspace);
    return text?.split('\n').filter(Boolean) ?? null;
  }

  return {
    /** A run that can be taken instead of running the job, or why there is none. */
    async look(
      job: CommandRecord,
      { code = [], files: inputFiles = [] }: CommandJob,
      { keyed, packages }: MetEnvironment,
      caller: Caller,
    ): Promise<Look> {
      const given = { code, files: inputFiles };
      const key = await keyOf(job, given, keyed);
      const now = { ...key, ...given, packages, spec: job.spec };
      const ends = await jobKeyStore(db).listSame(caller.workspace, key.key, mostSame);
      const newest = ends[0]?.jobId ?? null;
      const same = await findSame(ends, caller);
      if (!same) return { key, newest, found: { missed: await tellMiss(now, caller) } };
      return { key, newest, found: { taken: toCachedRun(same, tellSame(now)) } };
    },

    /** What it was, as far as it is known when it starts; whatever it is asked for with. */
    async noteStart(job: CommandRecord, environment: KeyedEnvironment): Promise<void> {
      // It runs in an environment of another origin, and is there to be compared.
      if (job.spec.rebuild) return;
      // What a folder held that somebody works in is not known.
      if (job.spec.workingDirectory !== null && job.spec.code === null) return;
      const key = await keyOf(job, await listFiles(job), environment);
      await transact(db, (tx) => jobKeyStore(tx).save(job, key));
    },

    /** Digest of what its inputs were when it started; null when it is not known. */
    async findInputs(jobId: string): Promise<string | null> {
      return (await jobKeyStore(db).findParts(jobId))?.inputs ?? null;
    },

    /** In the transaction of its success. */
    async noteSuccess(job: CommandRecord, caller: Caller): Promise<(tx: Db) => Promise<void>> {
      const artifacts = await experiments.artifactPaths(job.runId, '', job.workspace);
      const { modelOutputs } = await experiments.getRun({ id: job.runId }, caller);
      const models = modelOutputs.map(({ modelId }) => modelId);
      return (tx) => jobKeyStore(tx).saveResults(job.id, { artifacts, models });
    },
  };
}

type WholeRun = {
  readonly job: CommandRecord;
  readonly run: Awaited<ReturnType<Experiments['getRun']>>;
};

const isSameCode = (parts: JobKey['parts'], now: Keyed): boolean =>
  now.code.length > 0 && parts.code === now.parts.code;

const isShown = ([key]: [string, unknown]): boolean => !key.startsWith('system/');

const toCachedRun = ({ job, run }: WholeRun, same: string[]): CachedRun => ({
  ...{ jobId: job.id, runId: run.id, experiment: job.experiment, same },
  ...{ startedAt: run.startedAt, finishedAt: job.endedAt ?? run.startedAt },
  metrics: Object.fromEntries(Object.entries(run.metrics).filter(isShown)),
});

/** @throws jobNotCached for commands of which it is not known what they read */
export function assertKnown({ workingDirectory, code }: CommandSpec): void {
  if (workingDirectory !== null && code === null) throw errors.jobNotCached({ folder: workingDirectory });
}

export type RunCache = ReturnType<typeof createRunCache>;
