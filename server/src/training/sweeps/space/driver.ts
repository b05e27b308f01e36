/** Trials that are jobs: begun as far as the sweep allows, watched through what they log, told when they end. */
import type { Job } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import type { TaskContext, TaskOutcome } from '../../../platform/tasks/service.ts';
import type { Experiments } from '../../experiments/service.ts';
import type { CommandSpec, Jobs } from '../../jobs/service.ts';
import { goalValue, type SearchRecord, type TrialRecord, toWords } from './rules.ts';
import type { SearchTrials, TrialEnd } from './trials.ts';

export interface DriverDependencies {
  readonly experiments: Pick<Experiments, 'getRun' | 'listPointsOfRuns'>;
  readonly jobs: Pick<Jobs, 'get' | 'cancel' | 'insertCommand'>;
  readonly trials: SearchTrials;
  /** Ends the search when nothing is left to be done. */
  finish(search: SearchRecord, why: string): Promise<void>;
  getSearch(id: string, workspace: string): Promise<SearchRecord>;
}

/** So long until it is looked again without being called. */
const pauseMs = 500;
const mostPoints = 100_000;
/** So many failures before any success mean that the command is wrong, not the points. */
const openingFailures = 10;
const ended = new Set<Job['state']>(['succeeded', 'failed', 'cancelled']);

export function createDriver(deps: DriverDependencies) {
  const { experiments, jobs, trials } = deps;
  const waiting = new Map<string, () => void>();

  const callerOf = ({ actor, workspace }: SearchRecord): Caller => ({ actor, role: 'admin', workspace });

  /** The job and the trial are written together: neither is there without the other. */
  const begin = (search: SearchRecord) =>
    trials.next(search, async (tx, trial) => {
      const { id, command, experimentId, runId: parent } = search;
      if (!command) throw new Error(`the sweep ${id} has no command`);
      const spec: CommandSpec = {
        ...{ ...command, name: `trial-${trial.number}`, parameters: trial.parameters },
        command: toWords(command.command, trial.parameters),
        environment: { ...command.environment, TIDEMILL_SWEEP_ID: id, TIDEMILL_TRIAL: String(trial.number) },
      };
      const tags = [
        { key: 'mlflow.parentRunId', value: parent },
        { key: 'tidemill.sweep', value: `${id}#${trial.number}` },
      ];
      const job = await jobs.insertCommand(tx, spec, { experimentId, tags }, callerOf(search));
      return { ...trial, jobId: job.id, runId: job.runId, startedAt: job.createdAt };
    });

  /** What the job logged under the goals' names, in the order of time. */
  async function pointsOf(search: SearchRecord, trial: TrialRecord, metric: string) {
    const request = { runIds: [trial.runId], key: metric, limit: mostPoints };
    return experiments.listPointsOfRuns(request, search.workspace);
  }

  async function endOf(search: SearchRecord, trial: TrialRecord, job: Job): Promise<TrialEnd> {
    const cost = Number(job.progress.cpuSeconds ?? 0);
    if (job.state !== 'succeeded')
      return { state: 'failed', error: job.error ?? `its job was ${job.state}`, cost };
    const { goals } = search.definition;
    const values: (number | null)[] = [];
    for (const goal of goals) {
      const points = await pointsOf(search, trial, goal.metric);
      const value = goalValue(
        points.map((point) => point.value),
        goal,
      );
      if (value === null)
        return { state: 'failed', error: await missingMetric(search, trial, goal.metric), cost };
      values.push(value);
    }
    return { state: 'complete', values, cost };
  }

  async function missingMetric(
    search: SearchRecord,
    { runId }: TrialRecord,
    metric: string,
  ): Promise<string> {
    const { metrics } = await experiments.getRun({ id: runId }, callerOf(search));
    const names = Object.keys(metrics).filter((name) => !name.startsWith('system/'));
    const known = names.length > 0 ? `it logged ${names.slice(0, 20).join(', ')}` : 'it logged no metric';
    return `its run ended without a metric '${metric}'; ${known}`;
  }

  /** Tells the pruner what a script logged that knows nothing of it. */
  async function watch(search: SearchRecord, trial: TrialRecord): Promise<boolean> {
    const [goal] = search.definition.goals;
    if (!goal || search.definition.pruner.type === 'none') return false;
    const points = await pointsOf(search, trial, goal.metric);
    for (const { step, value } of points) {
      if (step < 0 || step <= (trial.lastStep ?? -1)) continue;
      const report = { number: trial.number, step, value: Number.isFinite(value) ? value : null };
      if ((await trials.report(search, report)).stop) return true;
    }
    return (await trials.state(search)).hopeless.has(trial.number);
  }

  async function look(search: SearchRecord, trial: TrialRecord): Promise<boolean> {
    const caller = callerOf(search);
    const job = await jobs.get({ id: trial.jobId ?? '' }, caller);
    if (ended.has(job.state)) {
      // Told to stop it may end as it likes: killed, with an error, or in order.
      const isPruned = (await trials.state(search)).hopeless.has(trial.number);
      // What it logged last: the others are measured by it.
      await watch(search, trial);
      if (job.state === 'cancelled' && !isPruned && search.status === 'stopped')
        await trials.giveBack(search, trial.number);
      else {
        const cost = Number(job.progress.cpuSeconds ?? 0);
        const end = isPruned ? ({ state: 'pruned', cost } as const) : await endOf(search, trial, job);
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
    poke: (id: string) => waiting.get(id)?.(),

    async cancelJobs(search: SearchRecord): Promise<void> {
      for (const { jobId } of await runningOf(search))
        await jobs.cancel({ id: jobId ?? '' }, callerOf(search)).catch(() => undefined);
    },

    async work(task: TaskContext<{ readonly sweep: string }>): Promise<TaskOutcome> {
      // Whoever resumes a sweep has mended something: what failed before does not count.
      let failedBefore: number | undefined;
      for (;;) {
        task.signal.throwIfAborted();
        const search = await deps.getSearch(task.payload.sweep, task.workspace);
        if (search.status !== 'running' && search.status !== 'stopped') return { done: {} };
        const poked = Promise.withResolvers<void>();
        waiting.set(search.id, poked.resolve);
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
          if (!found.trial) {
            if (found.why !== 'busy' && (await runningOf(search)).length === 0) why = found.why;
            break;
          }
        }
        if (why !== null) {
          if (search.status === 'running') await deps.finish(search, why);
          return { done: {} };
        }
        if (!isNew) await pause(poked.promise, task.signal);
      }
    },
  };
}

/** Until called, aborted, or a moment has passed. */
async function pause(called: Promise<void>, signal: AbortSignal): Promise<void> {
  const passed = Promise.withResolvers<void>();
  const timer = setTimeout(passed.resolve, pauseMs);
  signal.addEventListener('abort', () => passed.resolve(), { once: true });
  await Promise.race([called, passed.promise]);
  clearTimeout(timer);
}

export type Driver = ReturnType<typeof createDriver>;
