/** A job once more: made again from what was kept of its run, or tried again after it failed. */
import { cp, stat } from 'node:fs/promises';
import type { Job } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { commandFolder } from './command/folder.ts';
import type { JobFiles } from './files/job-files.ts';
import type { Rebuilds } from './rebuild/service.ts';
import { type CommandRecord, type CommandSpec, filesOf, type JobRecord } from './rules.ts';
import type { Submissions } from './submission.ts';

export interface JobRepeatsDependencies {
  readonly submissions: Pick<Submissions, 'newRecord' | 'submit'>;
  readonly rebuilds: Pick<Rebuilds, 'plan' | 'insert'>;
  readonly files: Pick<JobFiles, 'copy'>;
  /** Holds a folder per job. */
  readonly folder: string;
  get(input: { id: string }, caller: Caller): Promise<Job>;
  getRecord(id: string, workspace: string): Promise<JobRecord>;
}

export function createJobRepeats({ submissions, rebuilds, files, ...deps }: JobRepeatsDependencies) {
  const { newRecord, submit } = submissions;
  const { get, getRecord } = deps;

  return {
    /** The run of a command once more, from what was kept of it. @throws rebuildImpossible, runNotFound */
    async rebuild({ id }: { id: string }, caller: Caller): Promise<Job> {
      const plan = await rebuilds.plan(id, caller);
      // The model of the first run is the version; this one is there to be compared.
      const { command, environment, register: _register, ...again } = plan.spec;
      const { VIRTUAL_ENV: _, CONDA_PREFIX: __, ...rest } = outsideSweeps(environment);
      const spec = { ...again, command: withFoundPython(command), environment: rest };
      const job: CommandRecord = { ...newRecord(plan.job.experiment, caller), kind: 'command', spec };
      return submit(job, caller, { alongside: (tx) => rebuilds.insert(tx, job, plan) });
    },

    /** The same command once more, as a job of its own that finds the checkpoints of this one. @throws jobNotRetried */
    async retry({ id }: { id: string }, caller: Caller): Promise<Job> {
      const old = await getRecord(id, caller.workspace);
      const { state } = await get({ id }, caller);
      if (old.kind !== 'command' || (state !== 'failed' && state !== 'cancelled'))
        throw errors.jobNotRetried({ id, kind: old.kind, state });
      const job: CommandRecord = {
        ...newRecord(old.experiment, caller),
        kind: 'command',
        spec: { ...old.spec, filesOf: null, environment: outsideSweeps(old.spec.environment) },
      };
      const from = commandFolder(deps.folder, id).checkpoints;
      if (await stat(from).catch(() => null))
        await cp(from, commandFolder(deps.folder, job.id).checkpoints, { recursive: true });
      return submit(job, caller, { alongside: (tx) => files.copy(tx, filesOf(old), job.id) });
    },
  };
}

/** An interpreter by its path would be another than that of the environment. */
const withFoundPython = ([first = '', ...rest]: readonly string[]): string[] => [
  /\/python[\d.]*$/.test(first) ? 'python' : first,
  ...rest,
];

/** A trial that is tried again by hand is none any more: the sweep has its end. */
const outsideSweeps = ({
  TIDEMILL_SWEEP_ID: _sweep,
  TIDEMILL_TRIAL: _trial,
  ...rest
}: CommandSpec['environment']) => rest;
