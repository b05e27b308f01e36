import type { CachedRun, CommandJob, Download, Job, LearnerJob, Page, TaskState } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import type { Events, StoredEvent } from '../../platform/events/service.ts';
import type { Tasks } from '../../platform/tasks/service.ts';
import type { Experiments } from '../experiments/service.ts';
import type { Learners } from '../learners/service.ts';
import { assertKnown, createRunCache } from './cache/service.ts';
import { createCachedSubmissions } from './cache/submission.ts';
import { assertFits, type Capacity, createRoom } from './capacity.ts';
import { createCommandEnvironments } from './command/environment.ts';
import { commandFolder } from './command/folder.ts';
import { createCommandInputs, type InputsDependencies } from './command/inputs.ts';
import { type LogRange, readLog } from './command/log.ts';
import { type CommandWorkDependencies, createCommandWork } from './command/work.ts';
import { createJobFiles, type JobFilesDependencies } from './files/job-files.ts';
import { createKeptFiles } from './files/kept-files.ts';
import { createJobEnds } from './job-ends.ts';
import { createJobRepeats } from './job-repeats.ts';
import { registerJobTasks } from './job-tasks.ts';
import { createModelRuns } from './learner/model-runs.ts';
import { createLearnerWork } from './learner/work.ts';
import { createRebuilds } from './rebuild/service.ts';
import {
  assertNames,
  type CommandRecord,
  type CommandSpec,
  type JobRecord,
  taskKinds,
  toCommandSpec,
  toJob,
} from './rules.ts';
import { jobStore } from './store.ts';
import { createSubmissions } from './submission.ts';

export type { CommandSpec, Recipe } from './rules.ts';

export interface JobsDependencies
  extends Omit<
      CommandWorkDependencies,
      | 'experiments'
      | 'ends'
      | 'inputs'
      | 'files'
      | 'gpusOf'
      | 'cache'
      | 'prepareEnvironment'
      | 'compareRebuild'
    >,
    Omit<InputsDependencies, 'experiments' | 'files' | 'blobs'>,
    JobFilesDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly events: Pick<Events, 'on'>;
  readonly tasks: Tasks;
  readonly experiments: Experiments;
  readonly learners: Learners;
  /** What commands may take of this machine, all together. */
  readonly capacity: Capacity;
}

/** Training of our own learners, and commands of the user's; each job is a task and a run. */
export function createJobs(deps: JobsDependencies) {
  const { db, events, tasks, experiments, learners, datasets } = deps;
  const ends = createJobEnds(deps);
  const runs = createModelRuns(experiments);
  const workOnLearner = createLearnerWork({ ...deps, runs, ends });
  const files = createJobFiles(deps);
  const inputs = createCommandInputs({ ...deps, files });
  const room = createRoom(deps.capacity);
  const findJob = (id: string, workspace: string) => jobStore(db).find(workspace, id);
  const cache = createRunCache({ ...deps, inputs, files, findJob });
  const rebuilds = createRebuilds({
    ...{ ...deps, inputs, files, findKeyedInputs: cache.findInputs },
    findJobOfRun: (runId, workspace) => jobStore(db).findByRun(workspace, runId),
  });
  const commandEnvironments = createCommandEnvironments(deps);
  const cached = createCachedSubmissions({
    ...{ cache, files, environments: commandEnvironments },
    ...{ pythons: deps.environments, folder: deps.folder },
  });
  const workOnCommand = createCommandWork({
    ...{ ...deps, ends, inputs, files, cache, gpusOf: room.gpusOf },
    prepareEnvironment: commandEnvironments.prepare,
    compareRebuild: rebuilds.compare,
  });

  const kept = createKeptFiles({ ...deps, getRecord });

  async function getRecord(id: string, workspace: string): Promise<JobRecord> {
    const found = await findJob(id, workspace);
    if (!found) throw errors.jobNotFound({ id });
    return found;
  }

  async function get({ id }: { id: string }, caller: Caller): Promise<Job> {
    return toJob(await getRecord(id, caller.workspace), await tasks.find(id));
  }

  const submissions = createSubmissions({ ...deps, get });
  const { newRecord, insert, submit } = submissions;
  const repeats = createJobRepeats({ submissions, rebuilds, files, folder: deps.folder, get, getRecord });
  registerJobTasks({ tasks, ends, room, folder: deps.folder, workOnLearner, workOnCommand, getRecord });

  async function prepareCommand(input: CommandJob, { workspace }: Caller): Promise<CommandSpec> {
    assertNames(input);
    const spec = toCommandSpec(input, await inputs.pin(input.inputs ?? [], workspace));
    assertFits(spec.resources, deps.capacity);
    await files.assertStored(input);
    if (input.cache) assertKnown(spec);
    return spec;
  }

  events.on('jobs', ['model.registered'], async ({ workspace, payload }: StoredEvent) => {
    const { runId, reference } = payload;
    if (typeof runId !== 'string' || typeof reference !== 'string') return;
    await jobStore(db).setModelVersion(workspace, runId, reference);
  });

  return {
    get,
    ...runs,

    /** @throws datasetVersionNotFound, datasetColumnNotFound, trainingColumnInvalid, learnerParameterInvalid */
    async submitLearner(input: LearnerJob, caller: Caller): Promise<Job> {
      const version = await datasets.resolve(input.trainingSet, caller.workspace);
      const spec = {
        ...input,
        name: input.name ?? null,
        register: input.register ?? null,
        trainingSet: version.reference,
        trainingDigest: version.digest,
        parameters: { ...learners.completeParameters(input.learner, input.parameters ?? {}) },
        seed: input.seed ?? 0,
        split: input.split ?? 'time',
        holdout: input.holdout ?? 0.2,
      };
      learners.assertColumns({ ...spec, reference: version.reference }, version.columns);
      return submit({ ...newRecord(input.experiment, caller), kind: 'learner', spec }, caller);
    },

    putFile: files.putFile,
    missingFiles: files.missingFiles,
    usedBlobs: files.usedBlobs,
    listFiles: kept.list,
    getFile: kept.text,
    downloadFile: kept.download,

    /**
     * The command with its inputs pinned, as often as it may be wanted later.
     * @throws datasetVersionNotFound, modelVersionNotFound, jobFileMissing, jobFileInvalid, jobTooLarge,
     *   jobEnvironmentInvalid, trackingValueInvalid, jobNotCached
     */
    prepareCommand,
    /** Its files, under the name of whoever is going to have several jobs of them. */
    insertFiles: files.insert,
    /** So that its files are there for jobs that are only planned. */
    keepFiles: files.keep,

    /** The finished run that `insertCommand` can take instead of running the command; null where it has to run. */
    findFinished: (spec: CommandSpec, caller: Caller): Promise<CachedRun | null> =>
      cached.find({ ...newRecord(spec.experiment, caller), kind: 'command', spec }, caller),

    /** In the transaction of a sweep whose trial it is, and whose audit row speaks for it. `filesOf`: see `insertFiles`. */
    async insertCommand(
      tx: Db,
      spec: CommandSpec,
      run: { readonly experimentId: string; readonly tags: readonly KeyValue[] },
      caller: Caller,
      taken: CachedRun | null = null,
    ): Promise<Pick<CommandRecord, 'id' | 'runId' | 'createdAt'>> {
      const job: CommandRecord = { ...newRecord(spec.experiment, caller), kind: 'command', spec };
      if (!taken) await insert(tx, job, run, caller);
      else await insert(tx, { ...job, cache: { taken }, endedAt: job.createdAt }, run, caller);
      return { ...job, runId: taken?.runId ?? job.runId };
    },

    /** With the cache: a finished run of the same, if there is one. @throws as prepareCommand, jobNotCached */
    async submitCommand(input: CommandJob, caller: Caller): Promise<Job> {
      const spec = await prepareCommand(input, caller);
      const job: CommandRecord = { ...newRecord(input.experiment, caller), kind: 'command', spec };
      const alongside = (tx: Db) => files.insert(tx, job.id, input);
      if (!input.cache) return submit(job, caller, { alongside });
      return cached.submit(job, input, caller, (prepared, instead) =>
        submit(prepared, caller, { alongside, instead }),
      );
    },

    rebuilds: rebuilds.list,

    rebuild: repeats.rebuild,
    retry: repeats.retry,

    async list(
      input: { state?: TaskState | undefined; cursor?: string | undefined; limit?: number | undefined },
      { workspace }: Caller,
    ): Promise<Page<Job>> {
      const page = await tasks.list({ ...input, workspace, kind: Object.values(taskKinds) });
      const records = await jobStore(db).listByIds(
        workspace,
        page.items.map((task) => task.id),
      );
      const items = page.items.flatMap((task) => {
        const record = records.get(task.id);
        return record ? [toJob(record, task)] : [];
      });
      return { items, nextCursor: page.nextCursor };
    },

    /** The attempt is aborted and the run is KILLED. @throws jobEnded */
    async cancel({ id }: { id: string }, caller: Caller): Promise<Job> {
      const job = await getRecord(id, caller.workspace);
      const ended = await ends.end(job, 'cancelled', caller, { alongside: (tx) => tasks.cancel(tx, id) });
      const now = await get({ id }, caller);
      if (!ended && now.state !== 'cancelled') throw errors.jobEnded({ id, state: now.state });
      return now;
    },

    /** What the command has written so far, all attempts; nothing for a learner. From `offset`, which may count from the end. */
    async logs({ id, ...range }: LogRange & { id: string }, caller: Caller): Promise<Download> {
      await getRecord(id, caller.workspace);
      return readLog(commandFolder(deps.folder, id), range);
    },

    /** Whether a thing, as a uri, belongs to the run of a job that has not ended, or is the model that it may register. */
    async isOwn(id: string, uri: string, workspace: string): Promise<boolean> {
      if (uri.startsWith('model:')) {
        const job = await findJob(id, workspace);
        return job?.kind === 'command' && job.endedAt === null && uri === `model:${job.spec.mayRegister}`;
      }
      const runId = await jobStore(db).findOpenRun(workspace, id);
      return runId !== null && experiments.belongsToRun(uri, runId, workspace);
    },

    /** For reproduction: the model folder again. @throws trainingRefused, trainingValueMissing */
    retrain: learners.retrain,
    parseRecipe: learners.parseRecipe,
  };
}

export type Jobs = ReturnType<typeof createJobs>;
