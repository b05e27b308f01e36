/** Submitting with the cache: a finished run instead of another one, or a job that others wait for. */
import { mkdir, rm } from 'node:fs/promises';
import type { CachedRun, CommandJob, Job } from '@tidemill/contract';
import type { Db } from '../../../adapters/db/db.ts';
import type { PythonEnvironments } from '../../../adapters/python-environments/python-environments.ts';
import type { Caller } from '../../../base/caller.ts';
import type { CommandEnvironments } from '../command/environment.ts';
import { type CommandFolder, commandFolder } from '../command/folder.ts';
import type { JobFiles } from '../files/job-files.ts';
import { type CommandRecord, filesOf } from '../rules.ts';
import { type MetEnvironment, toMet } from './met-environment.ts';
import type { Look, RunCache } from './service.ts';
import { jobKeyStore } from './store.ts';

export interface CachedSubmissionDependencies {
  readonly cache: Pick<RunCache, 'look'>;
  readonly environments: Pick<CommandEnvironments, 'find'>;
  readonly pythons: Pick<PythonEnvironments, 'inspect'>;
  readonly files: Pick<JobFiles, 'place' | 'list'>;
  /** Holds a folder per job. */
  readonly folder: string;
}

export function createCachedSubmissions({ cache, ...deps }: CachedSubmissionDependencies) {
  /** As the job itself will find it out, from its code, with nothing built and nothing run. */
  async function meet({ spec }: CommandRecord, { code = [] }: CommandJob, folder: CommandFolder) {
    const cwd = spec.code === null ? folder.path : folder.code;
    await mkdir(cwd, { recursive: true });
    await deps.files.place(code, cwd);
    const { signal } = new AbortController();
    const { digest, variables } = await deps.environments.find(spec, cwd, signal);
    const env = variables;
    const python = env && (await deps.pythons.inspect({ command: spec.command, cwd, env, signal }));
    return toMet(python, digest);
  }

  async function meetOnce(job: CommandRecord, input: CommandJob): Promise<MetEnvironment> {
    const folder = commandFolder(deps.folder, job.id);
    try {
      return await meet(job, input, folder);
    } finally {
      await rm(folder.path, { recursive: true, force: true });
    }
  }

  /** Of what is submitted at the same time one goes, and the others get its id. */
  async function takeOff(tx: Db, job: CommandRecord, { key, newest }: Look): Promise<string | null> {
    const keys = jobKeyStore(tx);
    const other = await keys.takeOff(job.workspace, key.asked, job.id);
    if (other !== null) return other;
    // What was on its way during the look may have ended since.
    const [now] = await keys.listSame(job.workspace, key.key, 1);
    if ((now?.jobId ?? null) !== newest) throw new LookAgain();
    return null;
  }

  /** Hands the job on as it is to be submitted: ended already if there is a run to be taken. @throws jobNotCached */
  async function submit(
    job: CommandRecord,
    input: CommandJob,
    caller: Caller,
    write: (job: CommandRecord, instead: (tx: Db) => Promise<string | null>) => Promise<Job>,
  ): Promise<Job> {
    const met = await meetOnce(job, input);
    for (;;) {
      const look = await cache.look(job, input, met, caller);
      const { found } = look;
      try {
        if ('missed' in found) return await write({ ...job, cache: found }, (tx) => takeOff(tx, job, look));
        return await write({ ...job, cache: found, endedAt: job.createdAt }, async () => null);
      } catch (error) {
        if (!(error instanceof LookAgain)) throw error;
      }
    }
  }

  return {
    submit,

    /** The finished run that a job of these files would be taken from; null where there is none. */
    async find(job: CommandRecord, caller: Caller): Promise<CachedRun | null> {
      const code = await deps.files.list(filesOf(job), 'code');
      const files = await deps.files.list(filesOf(job), 'input');
      const input = { experiment: job.experiment, command: job.spec.command, code, files };
      const { found } = await cache.look(job, input, await meetOnce(job, input), caller);
      return 'taken' in found ? found.taken : null;
    },
  };
}

class LookAgain extends Error {}
