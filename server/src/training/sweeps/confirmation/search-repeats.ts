/** Repeats are jobs: begun as far as the sweep allows, told when they end. */
import { type Db, transact } from '../../../adapters/db/db.ts';
import type { TaskContext, TaskOutcome } from '../../../platform/tasks/service.ts';
import type { CommandSpec, Jobs } from '../../jobs/service.ts';
import { createCalls } from '../space/calls.ts';
import {
  createJobResults,
  isJobOver,
  type JobResultsDependencies,
  jobCallerOf,
} from '../space/job-results.ts';
import { type SearchRecord, type SearchStatus, toWords } from '../space/rules.ts';
import { type ConfirmationRecord, isRepeatOver, type Repeat } from './rules.ts';
import { confirmationStore } from './store.ts';

export interface ConfirmationWorkDependencies extends JobResultsDependencies {
  readonly db: Db;
  readonly jobs: Pick<Jobs, 'get' | 'cancel' | 'findFinished' | 'insertCommand'>;
  /** Until the transaction ends nothing else of the sweep is begun or ended. */
  advance(tx: Db, id: string): Promise<{ readonly status: SearchStatus }>;
  getSearch(id: string, workspace: string): Promise<SearchRecord>;
  /** All repeats have ended. */
  finish(search: SearchRecord): Promise<void>;
}

export function createConfirmationWork({
  db,
  jobs,
  getSearch,
  finish,
  ...deps
}: ConfirmationWorkDependencies) {
  const { endOf } = createJobResults(deps);
  const calls = createCalls();
  const store = confirmationStore(db);

  const listRunning = async (id: string): Promise<Repeat[]> =>
    (await store.listRepeats(id)).filter(({ state }) => state === 'running');

  /** The job and the repeat are written together, and not after a cancelling. */
  async function begin(
    search: SearchRecord,
    repeat: Repeat,
    { definition, taskId }: ConfirmationRecord,
  ): Promise<void> {
    const caller = jobCallerOf(search);
    const spec = toSpec(search, repeat, definition);
    const taken = search.definition.cache ? await jobs.findFinished(spec, caller) : null;
    await transact(db, async (tx): Promise<void> => {
      await deps.advance(tx, search.id);
      const now = await confirmationStore(tx).find(search.id);
      if (now?.status !== 'running' || now.taskId !== taskId) return;
      const { experimentId } = search;
      const job = await jobs.insertCommand(
        tx,
        spec,
        { experimentId, tags: toTags(search, repeat, definition) },
        caller,
        taken,
      );
      const begun = { state: 'running', jobId: job.id, runId: job.runId } as const;
      await confirmationStore(tx).updateRepeat(search.id, repeat, begun);
    });
  }

  async function look(search: SearchRecord, repeat: Repeat): Promise<boolean> {
    const job = await jobs.get({ id: repeat.jobId ?? '' }, jobCallerOf(search));
    if (!isJobOver(job)) return false;
    const { values, error } = await endOf(search, repeat.runId ?? '', job);
    const value = values?.[0] ?? null;
    const isValue = value !== null && Number.isFinite(value);
    const metric = search.definition.goals[0]?.metric;
    await store.updateRepeat(search.id, repeat, {
      state: isValue ? 'complete' : 'failed',
      value: isValue ? value : null,
      error: isValue ? null : (error ?? `its ${metric} is ${value}`),
    });
    return true;
  }

  /** After a cancelling. */
  async function stop(search: SearchRecord): Promise<void> {
    for (const repeat of await listRunning(search.id)) {
      await jobs.cancel({ id: repeat.jobId ?? '' }, jobCallerOf(search)).catch(() => undefined);
      await store.updateRepeat(search.id, repeat, { state: 'cancelled' });
    }
  }

  return {
    call: calls.call,
    stop,

    async work(task: TaskContext<{ readonly sweep: string }>): Promise<TaskOutcome> {
      for (;;) {
        task.signal.throwIfAborted();
        const search = await getSearch(task.payload.sweep, task.workspace);
        const record = await store.find(search.id);
        if (record?.taskId !== task.id) return { done: {} };
        if (record.status !== 'running') {
          await stop(search);
          return { done: {} };
        }
        const called = calls.next(search.id);
        let isNew = false;
        for (const repeat of await listRunning(search.id)) isNew = (await look(search, repeat)) || isNew;
        const repeats = await store.listRepeats(search.id);
        const ended = repeats.filter(isRepeatOver).length;
        await task.saveProgress({ ended, repeats: repeats.length });
        if (ended === repeats.length) {
          await finish(search);
          return { done: { repeats: ended } };
        }
        const waiting = repeats.filter(({ state }) => state === 'waiting');
        const running = repeats.length - ended - waiting.length;
        for (const repeat of waiting.slice(0, search.definition.parallel - running))
          await begin(search, repeat, record);
        if (!isNew) await calls.pause(called, task.signal);
      }
    },
  };
}

/**
 * The trial's own job with another seed. It is not told of the sweep: what it reported there would be about a trial that
 * has ended, and be answered with a stop.
 */
function toSpec(
  { command }: SearchRecord,
  { number, seed, window }: Repeat,
  { windows: count, trials }: ConfirmationRecord['definition'],
): CommandSpec {
  if (!command) throw new Error('a sweep without a command is not run again');
  const parameters = trials.find((trial) => trial.number === number)?.parameters ?? {};
  const isWindow = window !== null && count !== null;
  return {
    ...{ ...command, seed, parameters },
    name: `trial-${number}-seed-${seed}${isWindow ? `-window-${window}` : ''}`,
    command: toWords(command.command, parameters, seed),
    environment: { ...command.environment, ...(isWindow && { TIDEMILL_WINDOW: `${window}/${count}` }) },
    ...(isWindow && { window: { index: window, count } }),
  };
}

function toTags(
  { id, runId }: SearchRecord,
  { number, window }: Repeat,
  { windows }: ConfirmationRecord['definition'],
) {
  return [
    { key: 'mlflow.parentRunId', value: runId },
    { key: 'tidemill.confirms', value: `${id}#${number}` },
    ...(window === null ? [] : [{ key: 'tidemill.window', value: `${window}/${windows}` }]),
  ];
}

export type ConfirmationWork = ReturnType<typeof createConfirmationWork>;
