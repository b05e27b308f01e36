import { cp, stat } from 'node:fs/promises';
import type { CommandJob, Download, Job, LearnerJob, Page, TaskState } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { isDiskFull } from '../../base/disk-full.ts';
import { errors, type TidemillError } from '../../base/errors.ts';
import { newId, newRunId } from '../../base/ids.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { toUri } from '../../base/references.ts';
import type { Events, StoredEvent } from '../../platform/events/service.ts';
import type { TaskContext, TaskOptions, Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts, isUserError, withToldEnd } from '../../platform/tasks/told-end.ts';
import type { Experiments } from '../experiments/service.ts';
import type { Learners } from '../learners/service.ts';
import { createRunCache } from './cache/service.ts';
import { createCachedSubmissions } from './cache/submission.ts';
import { assertFits, type Capacity, createRoom } from './capacity.ts';
import { createCommandEnvironments } from './command/environment.ts';
import { commandFolder, makeRoom } from './command/folder.ts';
import { createCommandInputs, type InputsDependencies } from './command/inputs.ts';
import { type LogRange, readLog } from './command/log.ts';
import { type CommandWorkDependencies, createCommandWork } from './command/work.ts';
import { createJobFiles, type JobFilesDependencies } from './files.ts';
import { callerOf, createJobEnds } from './job-ends.ts';
import { createLearnerWork } from './learner-work.ts';
import { createModelRuns } from './model-runs.ts';
import { createRebuilds } from './rebuild/service.ts';
import {
  assertNames,
  type CommandRecord,
  type CommandSpec,
  filesOf,
  type JobRecord,
  type LearnerRecord,
  taskKinds,
  toCommandSpec,
  toJob,
  toSourceTags,
} from './rules.ts';
import { jobStore } from './store.ts';

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

interface SubmitOptions {
  /** More of the same transaction. */
  readonly alongside?: (tx: Db) => Promise<void>;
  /** First of all: the job that is to be used instead, if there is one. */
  readonly instead?: (tx: Db) => Promise<string | null>;
}

const learnerFailures = 3;
/** What another attempt of the same command may get past. */
const mendable: ReadonlySet<string> = new Set(['commandFailed', 'environmentNotBuilt']);
/** Their needs are what holds commands back; this only bounds how many tasks are looked after at once. */
const mostCommands = 256;

/** Training of our own learners, and commands of the user's; each job is a task and a run. */
export function createJobs(deps: JobsDependencies) {
  const { db, clock, changes, events, tasks, experiments, learners, datasets } = deps;
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
  const submitCached = createCachedSubmissions({
    ...{ cache, files, environments: commandEnvironments },
    ...{ pythons: deps.environments, folder: deps.folder },
  });
  const workOnCommand = createCommandWork({
    ...{ ...deps, ends, inputs, files, cache, gpusOf: room.gpusOf },
    prepareEnvironment: commandEnvironments.prepare,
    compareRebuild: rebuilds.compare,
  });

  async function getRecord(id: string, workspace: string): Promise<JobRecord> {
    const found = await findJob(id, workspace);
    if (!found) throw errors.jobNotFound({ id });
    return found;
  }

  async function get({ id }: { id: string }, caller: Caller): Promise<Job> {
    return toJob(await getRecord(id, caller.workspace), await tasks.find(id));
  }

  /** Job, run and task, all together; what was taken from another run has none of its own. */
  async function insert(
    tx: Db,
    job: JobRecord,
    { experimentId, tags = [] }: { readonly experimentId: string; readonly tags?: readonly KeyValue[] },
    caller: Caller,
  ): Promise<void> {
    const { id, workspace, runId, kind, actor } = job;
    const name = job.spec.name ?? undefined;
    const source = [
      { key: 'mlflow.source.type', value: 'JOB' },
      { key: 'mlflow.source.name', value: id },
      ...(job.kind === 'command' ? toSourceTags(job.spec) : []),
    ];
    const run = { id: runId, experimentId, name, status: 'SCHEDULED', tags: [...source, ...tags] } as const;
    const isOver = job.endedAt !== null;
    if (!isOver) await experiments.openRun(tx, run, caller);
    await jobStore(tx).insert(job);
    const needs = job.kind === 'command' && {
      payload: { needs: job.spec.resources },
      priority: job.spec.priority,
    };
    const result = isOver && { result: { runId } };
    const task = { id, kind: taskKinds[kind], workspace, payload: {}, actor, ...needs, ...result };
    await tasks.enqueue(tx, { ...task, subject: toUri('job', id), maximumAttempts: endlessAttempts });
  }

  async function submit(
    job: JobRecord,
    caller: Caller,
    { alongside, instead }: SubmitOptions = {},
  ): Promise<Job> {
    const { id, kind, experiment } = job;
    const { id: experimentId } = await experiments.ensureExperiment(experiment, caller);
    const other = await changes.run(caller, async (tx, record) => {
      const joined = (await instead?.(tx)) ?? null;
      if (joined !== null) return joined;
      await insert(tx, job, { experimentId }, caller);
      await alongside?.(tx);
      const { runId, cachedFrom } = toJob(job, null);
      const detail = { id, kind, experiment, runId, ...(cachedFrom && { cachedFrom: cachedFrom.jobId }) };
      record({ action: 'job.submitted', subject: toUri('job', id), detail });
      if (job.endedAt !== null)
        record({
          action: 'job.finished',
          subject: toUri('job', id),
          detail: { ...detail, state: 'succeeded', register: null, recipe: null },
        });
      return null;
    });
    return other === null ? get({ id }, caller) : { ...(await get({ id: other }, caller)), joined: true };
  }

  async function prepareCommand(input: CommandJob, { workspace }: Caller): Promise<CommandSpec> {
    assertNames(input);
    const spec = toCommandSpec(input, await inputs.pin(input.inputs ?? [], workspace));
    assertFits(spec.resources, deps.capacity);
    await files.assertStored(input);
    return spec;
  }

  const newRecord = (experiment: string, { workspace, actor }: Caller) => ({
    ...{ id: newId('job'), workspace, experiment, runId: newRunId(), modelVersion: null, actor },
    ...{ createdAt: clock.now(), endedAt: null, cache: null },
  });

  function register<R extends JobRecord>(
    kind: R['kind'],
    allowedFailures: (job: R) => number,
    isHopeless: (error: unknown) => boolean,
    work: (task: TaskContext<unknown>, job: R) => ReturnType<typeof workOnLearner>,
    options: TaskOptions,
  ): void {
    const load = async (task: TaskContext<unknown>) => (await getRecord(task.id, task.workspace)) as R;
    const fail = async (task: TaskContext<unknown>, error: TidemillError) => {
      const job = await load(task);
      const alongside = (tx: Db) => task.settle(tx, { failed: error.message });
      const tell = () => ends.end(job, 'failed', callerOf(job), { error: error.message, alongside });
      await tell().catch(async (cause: unknown) => {
        if (job.kind !== 'command' || !isDiskFull(cause)) throw cause;
        await makeRoom(commandFolder(deps.folder, job.id));
        await tell();
      });
    };
    tasks.register<unknown>(taskKinds[kind], options, async (task) => {
      const job = await load(task);
      // Cancelled since it was leased.
      if (job.endedAt !== null) return { done: { runId: job.runId } };
      const attempt = (inner: TaskContext<unknown>) => work(inner, job);
      return withToldEnd(attempt, { allowedFailures: () => allowedFailures(job), isHopeless, fail })(task);
    });
  }

  register<LearnerRecord>('learner', () => learnerFailures, isUserError, workOnLearner, {
    concurrency: 2,
  });
  register<CommandRecord>(
    'command',
    (job) => job.spec.maximumAttempts,
    (error) => isUserError(error) && !mendable.has((error as TidemillError).code),
    workOnCommand,
    { concurrency: mostCommands, room },
  );

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

    /**
     * The command with its inputs pinned, as often as it may be wanted later.
     * @throws datasetVersionNotFound, modelVersionNotFound, jobFileMissing, jobFileInvalid, jobTooLarge,
     *   jobEnvironmentInvalid, trackingValueInvalid
     */
    prepareCommand,
    /** Its files, under the name of whoever is going to have several jobs of them. */
    insertFiles: files.insert,

    /** In the transaction of a sweep whose trial it is, and whose audit row speaks for it. `filesOf`: see `insertFiles`. */
    async insertCommand(
      tx: Db,
      spec: CommandSpec,
      run: { readonly experimentId: string; readonly tags: readonly KeyValue[] },
      caller: Caller,
    ): Promise<Pick<CommandRecord, 'id' | 'runId' | 'createdAt'>> {
      const job: CommandRecord = { ...newRecord(spec.experiment, caller), kind: 'command', spec };
      await insert(tx, job, run, caller);
      return job;
    },

    /** With the cache: a finished run of the same, if there is one. @throws as prepareCommand, jobNotCached */
    async submitCommand(input: CommandJob, caller: Caller): Promise<Job> {
      const spec = await prepareCommand(input, caller);
      const job: CommandRecord = { ...newRecord(input.experiment, caller), kind: 'command', spec };
      const alongside = (tx: Db) => files.insert(tx, job.id, input);
      if (!input.cache) return submit(job, caller, { alongside });
      return submitCached(job, input, caller, (prepared, instead) =>
        submit(prepared, caller, { alongside, instead }),
      );
    },

    rebuilds: rebuilds.list,

    /** The run of a command once more, from what was kept of it. @throws rebuildImpossible, runNotFound */
    async rebuild({ id }: { id: string }, caller: Caller): Promise<Job> {
      const plan = await rebuilds.plan(id, caller);
      const { command, environment } = plan.spec;
      const { VIRTUAL_ENV: _, CONDA_PREFIX: __, ...rest } = outsideSweeps(environment);
      const spec = { ...plan.spec, command: withFoundPython(command), environment: rest };
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

    /** Whether a thing, as a uri, belongs to the run of a job that has not ended. */
    async isOwn(id: string, uri: string, workspace: string): Promise<boolean> {
      const runId = await jobStore(db).findOpenRun(workspace, id);
      return runId !== null && experiments.belongsToRun(uri, runId, workspace);
    },

    /** For reproduction: the model folder again. @throws trainingRefused, trainingValueMissing */
    retrain: learners.retrain,
    parseRecipe: learners.parseRecipe,
  };
}

export type Jobs = ReturnType<typeof createJobs>;

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
