/** Trials that are jobs: begun as far as the sweep allows, watched through what they log, told when they end. */
import type { TaskContext, TaskOutcome } from '../../../platform/tasks/service.ts';
import type { CommandSpec, Jobs } from '../../jobs/service.ts';
import { createCalls } from './calls.ts';
import {
  createJobResults,
  type GoalPoint,
  isJobOver,
  type JobResultsDependencies,
  jobCallerOf,
} from './job-results.ts';
import { type SearchRecord, type TrialRecord, toWords } from './rules.ts';
import type { SearchTrials } from './trials.ts';

export interface DriverDependencies extends JobResultsDependencies {
  readonly jobs: Pick<Jobs, 'get' | 'cancel' | 'findFinished' | 'insertCommand'>;
  readonly trials: SearchTrials;
  /** Ends the search when nothing is left to be done. */
  finish(search: SearchRecord, why: string): Promise<void>;
  getSearch(id: string, workspace: string): Promise<SearchRecord>;
}

/** So many failures before any success mean that the command is wrong, not the points. */
const openingFailures = 10;

export function createDriver(deps: DriverDependencies) {
  const { jobs, trials } = deps;
  const { pointsOf, endOf } = createJobResults(deps);
  const calls = createCalls();

  /** The job and the trial are written together: neither is there without the other. */
  const begin = (search: SearchRecord) =>
    trials.next(search, async (trial) => {
      const { id, command, experimentId, runId: parent, definition } = search;
      if (!command) throw new Error(`the sweep ${id} has no command`);
      const spec: CommandSpec = {
        ...{ ...command, name: `trial-${trial.number}`, parameters: trial.parameters },
        command: toWords(command.command, trial.parameters, command.seed),
        environment: { ...command.environment, TIDEMILL_SWEEP_ID: id, TIDEMILL_TRIAL: String(trial.number) },
      };
      const tags = [
        { key: 'mlflow.parentRunId', value: parent },
        { key: 'tidemill.sweep', value: `${id}#${trial.number}` },
      ];
      const caller = jobCallerOf(search);
      const taken = definition.cache ? await jobs.findFinished(spec, caller) : null;
      return async (tx) => {
        const job = await jobs.insertCommand(tx, spec, { experimentId, tags }, caller, taken);
        const begun = { ...trial, jobId: job.id, runId: job.runId, startedAt: job.createdAt };
        return taken ? { ...begun, cachedFrom: taken.jobId } : begun;
      };
    });

  /** The newest point that was read of each running trial's run. */
  const read = new Map<string, GoalPoint>();

  /** Tells the pruner what a script logged since, which knows nothing of it. */
  async function watch(search: SearchRecord, trial: TrialRecord): Promise<boolean> {
    const [goal] = search.definition.goals;
    if (!goal || search.definition.pruner.type === 'none') return false;
    const points = await pointsOf(search, trial.runId, goal.metric, read.get(trial.runId));
    const newest = points.at(-1);
    if (newest) read.set(trial.runId, newest);
    for (const { step, value } of points) {
      if (step < 0 || step <= (trial.lastStep ?? -1)) continue;
      const report = { number: trial.number, step, value: Number.isFinite(value) ? value : null };
      if ((await trials.report(search, report)).stop) return true;
    }
    return (await trials.state(search)).hopeless.has(trial.number);
  }

  async function look(search: SearchRecord, trial: TrialRecord): Promise<boolean> {
    const caller = jobCallerOf(search);
    const job = await jobs.get({ id: trial.jobId ?? '' }, caller);
    if (isJobOver(job)) {
      // Told to stop it may end as it likes: killed, with an error, or in order.
      const isPruned = (await trials.state(search)).hopeless.has(trial.number);
      // What it logged last: the others are measured by it. All of it, as a point may have come with an earlier time.
      read.delete(trial.runId);
      await watch(search, trial);
      read.delete(trial.runId);
      if (job.state === 'cancelled' && !isPruned && search.status === 'stopped')
        await trials.giveBack(search, trial.number);
      else {
        const cost = Number(job.progress.cpuSeconds ?? 0);
        const end = isPruned ? ({ state: 'pruned', cost } as const) : await endOf(search, trial.runId, job);
        await trials.tell(search, trial.number, end);
      }
      return true;
    }
    if (job.state === 'running' && (await watch(search, trial)))
      await jobs.cancel({ id: job.id }, caller).catch(() => undefined);
    return false;
  }

  const runningOf = async (search: SearchRecord): Promise<TrialRecord[]> =>
    [...(await trials.state(search)).trials.values()].filter(
      ({ state, jobId }) => state === 'running' && jobId !== null,
    );

  async function countOwn(search: SearchRecord) {
    const all = [...(await trials.state(search)).trials.values()].filter(({ source }) => source === null);
    const count = (...states: TrialRecord['state'][]) =>
      all.filter(({ state }) => states.includes(state)).length;
    return { failed: count('failed'), judged: count('complete', 'pruned') };
  }

  return {
    /** Something happened to a job of the sweep. */
    poke: calls.call,

    async cancelJobs(search: SearchRecord): Promise<void> {
      for (const { jobId } of await runningOf(search))
        await jobs.cancel({ id: jobId ?? '' }, jobCallerOf(search)).catch(() => undefined);
    },

    async work(task: TaskContext<{ readonly sweep: string }>): Promise<TaskOutcome> {
      // Whoever resumes a sweep has mended something: what failed before does not count.
      let failedBefore: number | undefined;
      for (;;) {
        task.signal.throwIfAborted();
        const search = await deps.getSearch(task.payload.sweep, task.workspace);
        if (search.status !== 'running' && search.status !== 'stopped') return { done: {} };
        const called = calls.next(search.id);
        let isNew = false;
        for (const trial of await runningOf(search)) isNew = (await look(search, trial)) || isNew;
        const running = (await runningOf(search)).length;
        let open = search.status === 'running' ? search.definition.parallel - running : 0;
        let why: string | null = search.status === 'stopped' && running === 0 ? 'stopped' : null;
        const { failed, judged } = await countOwn(search);
        failedBefore ??= failed;
        if (open > 0 && judged === 0 && failed - failedBefore >= openingFailures) {
          open = 0;
          if (running === 0) why = `the first ${failed - failedBefore} all failed, so no more were begun`;
        }
        for (; open > 0; open--) {
          const found = await begin(search);
          // What was taken has ended already.
          if (found.trial?.cachedFrom !== undefined) isNew = true;
          if (!found.trial) {
            if (found.why !== 'busy' && (await runningOf(search)).length === 0) why = found.why;
            break;
          }
        }
        if (why !== null) {
          if (search.status === 'running') await deps.finish(search, why);
          return { done: {} };
        }
        if (!isNew) await calls.pause(called, task.signal);
      }
    },
  };
}

export type Driver = ReturnType<typeof createDriver>;
