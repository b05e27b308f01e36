/** Jobs as tasks: how often each kind is tried, and that its end is told. */
import { rm } from 'node:fs/promises';
import type { Db } from '../../adapters/db/db.ts';
import { isDiskFull } from '../../base/disk-full.ts';
import type { TidemillError } from '../../base/errors.ts';
import type { Room, TaskContext, TaskOptions, TaskOutcome, Tasks } from '../../platform/tasks/service.ts';
import { isUserError, withToldEnd } from '../../platform/tasks/told-end.ts';
import { type CommandFolder, commandFolder, makeRoom } from './command/folder.ts';
import { callerOf, type JobEnds } from './job-ends.ts';
import { type CommandRecord, type JobRecord, type LearnerRecord, taskKinds } from './rules.ts';

type Work<R extends JobRecord> = (task: TaskContext<unknown>, job: R) => Promise<TaskOutcome>;

export interface JobTasksDependencies {
  readonly tasks: Pick<Tasks, 'register'>;
  readonly ends: JobEnds;
  readonly room: Room;
  /** Holds a folder per job. */
  readonly folder: string;
  readonly workOnLearner: Work<LearnerRecord>;
  readonly workOnCommand: Work<CommandRecord>;
  getRecord(id: string, workspace: string): Promise<JobRecord>;
}

const learnerFailures = 3;
/** What another attempt of the same command may get past. */
const mendable: ReadonlySet<string> = new Set(['commandFailed', 'environmentNotBuilt']);
/** Their needs are what holds commands back; this only bounds how many tasks are looked after at once. */
const mostCommands = 256;

/** The end has to be written down, or the command would be run again. */
async function tellOnFullDisk(tell: () => Promise<unknown>, folder: CommandFolder): Promise<void> {
  const isTold = () =>
    tell().then(
      () => true,
      (cause: unknown) => {
        if (isDiskFull(cause)) return false;
        throw cause;
      },
    );
  if (await isTold()) return;
  await makeRoom(folder);
  if (await isTold()) return;
  // A quota, of which the system does not say how much is left.
  await rm(folder.checkpoints, { recursive: true, force: true });
  await tell();
}

export function registerJobTasks(deps: JobTasksDependencies): void {
  const { tasks, ends, getRecord } = deps;

  function register<R extends JobRecord>(
    kind: R['kind'],
    allowedFailures: (job: R) => number,
    isHopeless: (error: unknown) => boolean,
    work: Work<R>,
    options: TaskOptions,
  ): void {
    const load = async (task: TaskContext<unknown>) => (await getRecord(task.id, task.workspace)) as R;
    const fail = async (task: TaskContext<unknown>, error: TidemillError) => {
      const job = await load(task);
      const alongside = (tx: Db) => task.settle(tx, { failed: error.message });
      const tell = () => ends.end(job, 'failed', callerOf(job), { error: error.message, alongside });
      if (job.kind === 'command') await tellOnFullDisk(tell, commandFolder(deps.folder, job.id));
      else await tell();
    };
    tasks.register<unknown>(taskKinds[kind], options, async (task) => {
      const job = await load(task);
      // Cancelled since it was leased.
      if (job.endedAt !== null) return { done: { runId: job.runId } };
      const attempt = (inner: TaskContext<unknown>) => work(inner, job);
      return withToldEnd(attempt, { allowedFailures: () => allowedFailures(job), isHopeless, fail })(task);
    });
  }

  register<LearnerRecord>('learner', () => learnerFailures, isUserError, deps.workOnLearner, {
    concurrency: 2,
  });
  register<CommandRecord>(
    'command',
    (job) => job.spec.maximumAttempts,
    (error) => isUserError(error) && !mendable.has((error as TidemillError).code),
    deps.workOnCommand,
    { concurrency: mostCommands, room: deps.room },
  );
}
