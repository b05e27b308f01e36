import { createReadStream } from 'node:fs';
import type { CommandJob, Download, Job, LearnerJob, Page, TaskState } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, type TidemillError } from '../../base/errors.ts';
import { newId, newRunId } from '../../base/ids.ts';
import { toUri } from '../../base/references.ts';
import type { Events, StoredEvent } from '../../platform/events/service.ts';
import type { TaskContext, Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts, isUserError, withToldEnd } from '../../platform/tasks/told-end.ts';
import type { Experiments } from '../experiments/service.ts';
import type { Learners } from '../learners/service.ts';
import { commandFolder } from './command-folder.ts';
import { type CommandWorkDependencies, createCommandWork } from './command-work.ts';
import { callerOf, createJobEnds } from './job-ends.ts';
import { createLearnerWork } from './learner-work.ts';
import { createModelRuns } from './model-runs.ts';
import { type CommandRecord, type JobRecord, type LearnerRecord, taskKinds, toJob } from './rules.ts';
import { jobStore } from './store.ts';

export type { Recipe } from './rules.ts';

export interface JobsDependencies extends Omit<CommandWorkDependencies, 'experiments' | 'ends'> {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly events: Pick<Events, 'on'>;
  readonly tasks: Tasks;
  readonly experiments: Experiments;
  readonly learners: Learners;
}

const learnerFailures = 3;

/** Training of our own learners, and commands of the user's; each job is a task and a run. */
export function createJobs(deps: JobsDependencies) {
  const { db, clock, changes, events, tasks, experiments, learners, datasets } = deps;
  const ends = createJobEnds(deps);
  const runs = createModelRuns(experiments);
  const workOnLearner = createLearnerWork({ ...deps, runs, ends });
  const workOnCommand = createCommandWork({ ...deps, ends });

  async function getRecord(id: string, workspace: string): Promise<JobRecord> {
    const found = await jobStore(db).find(workspace, id);
    if (!found) throw errors.jobNotFound({ id });
    return found;
  }

  async function get({ id }: { id: string }, caller: Caller): Promise<Job> {
    return toJob(await getRecord(id, caller.workspace), await tasks.find(id));
  }

  async function submit(job: JobRecord, caller: Caller): Promise<Job> {
    const { id, workspace, runId, kind, experiment, actor } = job;
    const { id: experimentId } = await experiments.ensureExperiment(experiment, caller);
    const name = job.spec.name ?? undefined;
    const tags = [
      { key: 'mlflow.source.type', value: 'JOB' },
      { key: 'mlflow.source.name', value: id },
    ];
    await changes.run(caller, async (tx, record) => {
      const subject = toUri('job', id);
      await experiments.openRun(tx, { id: runId, experimentId, name, status: 'SCHEDULED', tags }, caller);
      await jobStore(tx).insert(job);
      const task = { id, kind: taskKinds[kind], workspace, subject, payload: {}, actor };
      await tasks.enqueue(tx, { ...task, maximumAttempts: endlessAttempts });
      record({ action: 'job.submitted', subject, detail: { id, kind, experiment, runId } });
    });
    return get({ id }, caller);
  }

  const newRecord = (experiment: string, { workspace, actor }: Caller) => ({
    ...{ id: newId('job'), workspace, experiment, runId: newRunId(), modelVersion: null, actor },
    ...{ createdAt: clock.now(), endedAt: null },
  });

  function register<R extends JobRecord>(
    kind: R['kind'],
    allowedFailures: (job: R) => number,
    isHopeless: (error: unknown) => boolean,
    work: (task: TaskContext<unknown>, job: R) => ReturnType<typeof workOnLearner>,
  ): void {
    const load = async (task: TaskContext<unknown>) => (await getRecord(task.id, task.workspace)) as R;
    const fail = async (task: TaskContext<unknown>, error: TidemillError) => {
      const job = await load(task);
      await ends.end(job, 'failed', callerOf(job), { error: error.message });
    };
    tasks.register<unknown>(taskKinds[kind], { concurrency: 2 }, async (task) => {
      const job = await load(task);
      // The end was told, but the process died before the task knew of it.
      if (job.endedAt !== null) return { done: { runId: job.runId } };
      const attempt = (inner: TaskContext<unknown>) => work(inner, job);
      return withToldEnd(attempt, { allowedFailures: () => allowedFailures(job), isHopeless, fail })(task);
    });
  }

  register<LearnerRecord>('learner', () => learnerFailures, isUserError, workOnLearner);
  register<CommandRecord>(
    'command',
    (job) => job.spec.maximumAttempts,
    (error) => isUserError(error) && (error as TidemillError).code !== 'commandFailed',
    workOnCommand,
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

    /** @throws datasetVersionNotFound */
    async submitCommand(input: CommandJob, caller: Caller): Promise<Job> {
      const inputs: string[] = [];
      for (const reference of input.inputs ?? [])
        inputs.push((await datasets.resolve(reference, caller.workspace)).reference);
      const spec = {
        ...input,
        inputs,
        name: input.name ?? null,
        workingDirectory: input.workingDirectory ?? null,
        environment: input.environment ?? {},
        timeoutSeconds: input.timeoutSeconds ?? null,
        maximumAttempts: input.maximumAttempts ?? 1,
      };
      return submit({ ...newRecord(input.experiment, caller), kind: 'command', spec }, caller);
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

    /** What the command has written so far, all attempts; nothing for a learner. */
    async logs(
      { id, stream }: { id: string; stream?: 'stdout' | 'stderr' | undefined },
      caller: Caller,
    ): Promise<Download> {
      await getRecord(id, caller.workspace);
      const path = commandFolder(deps.folder, id)[stream ?? 'stdout'];
      return { content: readIfThere(path), mediaType: 'text/plain; charset=utf-8' };
    },

    /** For reproduction: the model folder again. @throws trainingRefused, trainingValueMissing */
    retrain: learners.retrain,
    parseRecipe: learners.parseRecipe,
  };
}

export type Jobs = ReturnType<typeof createJobs>;

async function* readIfThere(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of createReadStream(path)) yield part as Uint8Array;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
