import { isDeepStrictEqual } from 'node:util';
import type {
  ConfirmationRequest,
  Input,
  SearchDefinition,
  Sweep,
  SweepSummary,
  sweepsEndpoints,
  Trial,
} from '@tidemill/contract';
import type { Changes } from '../../../access/audit/service.ts';
import type { Db } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors } from '../../../base/errors.ts';
import { newId, newRunId } from '../../../base/ids.ts';
import { toUri } from '../../../base/references.ts';
import type { Events } from '../../../platform/events/service.ts';
import type { Tasks } from '../../../platform/tasks/service.ts';
import { endlessAttempts } from '../../../platform/tasks/told-end.ts';
import type { Experiments } from '../../experiments/service.ts';
import type { Jobs } from '../../jobs/service.ts';
import { numericOf } from '../confirmation/confirmable-search.ts';
import { completeRequest } from '../confirmation/rules.ts';
import { createConfirmations } from '../confirmation/search-confirmations.ts';
import { measureImportance } from '../search/importance.ts';
import { holdsPoint, type Point } from '../search/space.ts';
import { type ChangesRequest, createSearchChanges } from './changes.ts';
import { createDriver } from './driver.ts';
import {
  bestOf,
  completeSearch,
  isOver,
  type SearchRecord,
  type SearchStatus,
  spaceOf,
  type TrialRecord,
  toSearchTrial,
  toSummary,
  toSweep,
} from './rules.ts';
import { searchStore } from './store.ts';
import { createSearchTrials } from './trials.ts';

export interface SearchesDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly events: Pick<Events, 'on'>;
  readonly tasks: Tasks;
  readonly experiments: Experiments;
  readonly jobs: Pick<
    Jobs,
    'get' | 'cancel' | 'prepareCommand' | 'insertFiles' | 'findFinished' | 'insertCommand'
  >;
}

type Request<N extends keyof typeof sweepsEndpoints> = Input<(typeof sweepsEndpoints)[N]>;

const taskKind = 'sweep.space';
const endKind = 'sweep.end';
/** Sweeps whose trials are begun side by side; their jobs are bounded by the machine. */
const mostDriven = 32;

/** Searches over a space: the server chooses the points and stops what promises little; trials run anywhere. */
export function createSearches(deps: SearchesDependencies) {
  const { db, clock, changes, events, tasks, experiments, jobs } = deps;
  const trials = createSearchTrials({ ...deps, onLast: enqueueEnd });
  const driver = createDriver({ experiments, jobs, trials, finish, getSearch });
  const confirmations = createConfirmations({
    ...{ ...deps, getSearch },
    advance: (tx, id) => searchStore(tx).advance(id),
    listTrials: (tx, id) => searchStore(tx).listTrials(id, -1, Number.MAX_SAFE_INTEGER),
  });

  const listChanges = createSearchChanges({ db, describeConfirmation: confirmations.describe });

  tasks.register<{ sweep: string }>(taskKind, { concurrency: mostDriven }, driver.work);

  tasks.register<{ sweep: string }>(endKind, { concurrency: mostDriven }, async ({ payload, workspace }) => {
    await finishIfSpent(await getSearch(payload.sweep, workspace));
    return { done: {} };
  });

  events.on('searches', ['job.finished'], async ({ payload }) => {
    if (typeof payload.id !== 'string') return;
    const found = await searchStore(db).findTrialOfJob(payload.id);
    if (found) driver.poke(found.sweepId);
  });

  async function find(id: string, workspace: string): Promise<SearchRecord | null> {
    return searchStore(db).find(workspace, id);
  }

  async function getSearch(id: string, workspace: string): Promise<SearchRecord> {
    const found = await find(id, workspace);
    if (!found) throw errors.sweepNotFound({ id });
    return found;
  }

  async function describe(search: SearchRecord): Promise<Sweep> {
    const found = await searchStore(db).listTrials(search.id, -1, Number.MAX_SAFE_INTEGER);
    return toSweep(
      search,
      found.sort((a, b) => a.number - b.number),
      await confirmations.describe(search),
    );
  }

  async function outline(search: SearchRecord, states: SweepSummary['states']): Promise<SweepSummary> {
    const { id, definition } = search;
    const order = definition.goals[0]?.direction === 'maximize' ? 'desc' : 'asc';
    const best = await searchStore(db).findBest(id, order);
    return toSummary(search, { best, states, chosen: await confirmations.findChosen(id) });
  }

  async function enqueue(tx: Db, { id, workspace, actor }: SearchRecord): Promise<string> {
    const subject = toUri('sweep', id);
    const task = { id: newId('task'), kind: taskKind, workspace, subject, payload: { sweep: id }, actor };
    return tasks.enqueue(tx, { ...task, maximumAttempts: endlessAttempts });
  }

  /** Whoever told the last trial ends the search at once; a server that dies in between leaves this. */
  async function enqueueEnd(tx: Db, { id, workspace, actor }: SearchRecord): Promise<void> {
    const subject = toUri('sweep', id);
    const task = { id: newId('task'), kind: endKind, workspace, subject, payload: { sweep: id }, actor };
    await tasks.enqueue(tx, { ...task, maximumAttempts: endlessAttempts });
  }

  /** Nothing is left to be tried. Without one complete trial the sweep has failed. */
  async function finish(search: SearchRecord, why: string): Promise<void> {
    const { items, first } = await summarize(search);
    const best = bestOf(items, search.definition.goals);
    const error = best
      ? null
      : `The search ended (${why}) and none of its ${items.length} trials gave a value${first ? `; the first one: ${first}` : ''}`;
    await end(search, best ? 'succeeded' : 'failed', { best, error, detail: { why } });
  }

  /** After a trial that was told: nobody may ask again, and the search would stay open for ever. */
  async function finishIfSpent(search: SearchRecord): Promise<void> {
    if (search.status !== 'running') return;
    const why = await trials.findEnd(search);
    if (why !== null) await finish(search, why);
  }

  async function summarize({ id }: Pick<SearchRecord, 'id'>) {
    const items = await searchStore(db).listTrials(id, -1, Number.MAX_SAFE_INTEGER);
    return { items, first: items.find(({ error }) => error !== null)?.error ?? null };
  }

  async function end(
    search: SearchRecord,
    status: Exclude<SearchStatus, 'running' | 'stopped'>,
    { best, error, detail }: { best: Trial | null; error: string | null; detail: object },
    caller: Caller = { actor: search.actor, role: 'editor', workspace: search.workspace },
  ): Promise<boolean> {
    const { id, runId, workspace, definition } = search;
    const [goal] = definition.goals;
    // The sweep's own run shows what it found, so that sweeps can be compared as runs.
    if (best && goal)
      await experiments.logBatch({ id: runId, metrics: [{ key: goal.metric, value: best.value }] }, caller);
    return changes.run(caller, async (tx, record): Promise<boolean> => {
      const store = searchStore(tx);
      const now = await store.advance(id);
      if (now.status !== 'running' && now.status !== 'stopped') return false;
      // Resumed with a larger budget since it was found to be spent.
      const { budget } = (await store.find(workspace, id))?.definition ?? definition;
      if (status !== 'cancelled' && !isDeepStrictEqual(budget, definition.budget)) return false;
      await store.update(id, {
        status,
        error,
        endedAt: clock.now(),
        best: best?.number ?? null,
        taskId: null,
      });
      await experiments.setRunStatus(tx, runId, runStatusOf[status], workspace);
      record({
        action: 'sweep.finished',
        subject: toUri('sweep', id),
        detail: {
          id,
          state: status,
          runId,
          best,
          register: definition.register,
          recipe: null,
          error,
          ...detail,
        },
      });
      return true;
    });
  }

  /** Finished trials of another sweep, as far as they are points of this space. */
  async function takeOver(record: SearchRecord): Promise<TrialRecord[]> {
    const { warmStart, goals } = record.definition;
    if (warmStart === null) return [];
    const from = await getSearch(warmStart, record.workspace);
    const metrics = (list: typeof goals) =>
      list.map(({ metric, direction }) => `${metric} ${direction}`).join();
    if (metrics(from.definition.goals) !== metrics(goals))
      throw errors.sweepInvalid({
        reason: `it is to go on from ${warmStart}, which has other goals (${metrics(from.definition.goals)})`,
      });
    const space = spaceOf(record.definition);
    const found = await searchStore(db).listTrials(warmStart, -1, Number.MAX_SAFE_INTEGER);
    return found
      .filter((trial) => trial.state === 'complete' && holdsPoint(space, trial.parameters as Point))
      .sort((a, b) => a.number - b.number)
      .map((trial, number) => ({
        ...trial,
        ...{ number, generation: null, jobId: null, revision: 0 },
        source: `sweep:${warmStart}#${trial.number}`,
      }));
  }

  const isOurs = (id: string, workspace: string) => find(id, workspace).then((found) => found !== null);

  return {
    find,
    describe,
    outline,
    isOurs,
    changes: (search: SearchRecord, request: ChangesRequest) => listChanges(search, request),

    /** Whether `trial:ID#NUMBER` is what a job runs now. */
    async isTrialOfJob(job: string, uri: string, workspace: string): Promise<boolean> {
      const [, id = '', number = ''] = /^trial:(.+)#(\d{1,9})$/.exec(uri) ?? [];
      if (!(await find(id, workspace))) return false;
      return (await searchStore(db).findTrial(id, Number(number)))?.jobId === job;
    },

    /** What is asked for again and again, judged before there is a search. @throws searchSpaceInvalid, sweepInvalid, confirmationInvalid */
    assertRequest(input: SearchDefinition, confirm?: ConfirmationRequest): void {
      const definition = completeSearch(input);
      if (confirm) completeRequest(confirm, { numeric: numericOf(definition), windows: null });
    },

    /** @throws searchSpaceInvalid, sweepInvalid, permissionDenied, and what a command's preparation throws */
    async create(input: SearchDefinition, caller: Caller): Promise<Sweep> {
      const definition = completeSearch(input);
      const { experiment, name, command, seed } = definition;
      if (command && caller.role !== 'admin')
        throw errors.permissionDenied({ actor: caller.actor, permission: 'admin', where: 'a command' });
      const own = { experiment, seed: command?.seed ?? seed % 2 ** 32, cache: definition.cache };
      const job = command && { ...command, ...own };
      const prepared = job && (await jobs.prepareCommand(job, caller));
      const { id: experimentId } = await experiments.ensureExperiment(experiment, caller);
      const id = newId('sweep');
      const search: SearchRecord = {
        ...{ id, workspace: caller.workspace, experimentId, runId: newRunId(), actor: caller.actor },
        definition: { ...definition, command: command ? { command: command.command } : null },
        command: prepared ? { ...prepared, filesOf: id } : null,
        ...{ status: 'running', error: null, taskId: null, modelVersion: null, revision: 0 },
        ...{ createdAt: clock.now(), endedAt: null },
      };
      const known = await takeOver(search);
      await changes.run(caller, async (tx, record) => {
        const run = { id: search.runId, experimentId, status: 'RUNNING', ...(name && { name }) } as const;
        const tags = [
          { key: 'mlflow.source.type', value: 'JOB' },
          { key: 'mlflow.source.name', value: id },
        ];
        await experiments.openRun(tx, { ...run, tags }, caller);
        const taskId = job ? await enqueue(tx, search) : null;
        await searchStore(tx).insert({ ...search, taskId });
        await searchStore(tx).insertTrials(id, known);
        if (job) await jobs.insertFiles(tx, id, job);
        const subject = toUri('sweep', id);
        record({ action: 'sweep.submitted', subject, detail: { id, experiment, runId: search.runId } });
      });
      return describe(search);
    },

    /** The most important first; none before two trials are complete. */
    async importance({ id }: Request<'importance'>, { workspace }: Caller) {
      const { definition } = await getSearch(id, workspace);
      const directions = definition.goals.map(({ direction }) => direction);
      const { items } = await summarize({ id });
      const shares = measureImportance({ space: spaceOf(definition), directions }, items.map(toSearchTrial));
      const sorted = [...shares].sort((a, b) => b[1] - a[1]);
      return { items: sorted.map(([parameter, share]) => ({ parameter, share })) };
    },

    async ask({ id }: Request<'ask'>, { workspace }: Caller) {
      const search = await getSearch(id, workspace);
      if (search.command) throw errors.sweepInvalid({ reason: 'its trials are jobs that the server begins' });
      const { trial, why } = await trials.ask(search);
      if (trial === null && why !== 'busy' && search.status === 'running') await finish(search, why ?? '');
      return { trial, state: (await getSearch(id, workspace)).status };
    },

    async report({ id, ...report }: Request<'report'>, { workspace }: Caller) {
      return trials.report(await getSearch(id, workspace), report);
    },

    async tell({ id, number, ...told }: Request<'tell'>, { workspace }: Caller): Promise<Trial> {
      const search = await getSearch(id, workspace);
      const values = told.values ?? (told.value === undefined ? undefined : [told.value]);
      const state = told.state ?? (told.error === undefined ? 'complete' : 'failed');
      const { cost, error, lease } = told;
      const trial = await trials.tell(search, number, { state, values, cost, error }, lease);
      if (!search.command) await finishIfSpent(await getSearch(id, workspace));
      return trial;
    },

    async stop({ id, giveBack = false }: Request<'stop'>, caller: Caller): Promise<Sweep> {
      const search = await getSearch(id, caller.workspace);
      await changes.run(caller, async (tx, record) => {
        const { status } = await searchStore(tx).advance(id);
        if (status === 'stopped') return;
        if (status !== 'running') throw errors.jobEnded({ id, state: status });
        await searchStore(tx).update(id, { status: 'stopped' });
        record({ action: 'sweep.stopped', subject: toUri('sweep', id), detail: { id } });
      });
      if (giveBack) await giveAllBack(search);
      driver.poke(id);
      return describe(await getSearch(id, caller.workspace));
    },

    /** @throws sweepNotResumed while it runs */
    async resume({ id, budget }: Request<'resume'>, caller: Caller): Promise<Sweep> {
      const search = await getSearch(id, caller.workspace);
      const { status, definition, command, workspace, runId } = search;
      if (status === 'running' && !budget) throw errors.sweepNotResumed({ id, state: status });
      const next = { definition: { ...definition, budget: { ...definition.budget, ...budget } }, command };
      await changes.run(caller, async (tx, record) => {
        const store = searchStore(tx);
        await store.advance(id);
        const taskId = command && status !== 'running' ? await enqueue(tx, search) : search.taskId;
        await store.update(id, { status: 'running', error: null, endedAt: null, taskId, search: next });
        await experiments.setRunStatus(tx, runId, 'RUNNING', workspace);
        record({
          action: 'sweep.resumed',
          subject: toUri('sweep', id),
          detail: { id, budget: next.definition.budget },
        });
      });
      trials.minds.forget(id);
      driver.poke(id);
      return describe(await getSearch(id, workspace));
    },

    /** @throws sweepNotConfirmed, confirmationInvalid */
    async confirm({ id, ...request }: Request<'confirm'>, caller: Caller): Promise<Sweep> {
      const search = await getSearch(id, caller.workspace);
      await confirmations.begin(search, request, caller);
      return describe(search);
    },

    /** The sweep, and what confirms it. @throws jobEnded */
    async cancel({ id }: Request<'cancel'>, caller: Caller): Promise<Sweep> {
      const search = await getSearch(id, caller.workspace);
      const wasConfirming = await confirmations.cancel(search, caller);
      if (wasConfirming && search.status !== 'running') return describe(search);
      const { items } = await summarize(search);
      const best = bestOf(items, search.definition.goals);
      if (!(await end(search, 'cancelled', { best, error: null, detail: {} }, caller)))
        throw errors.jobEnded({ id, state: (await getSearch(id, caller.workspace)).status });
      await giveAllBack(search);
      driver.poke(id);
      return describe(await getSearch(id, caller.workspace));
    },
  };

  /** Trials at work are to be begun again by whoever goes on with the sweep. */
  async function giveAllBack(search: SearchRecord): Promise<void> {
    await driver.cancelJobs(search);
    const open = (await trials.state(search)).trials.values();
    for (const trial of [...open].filter((each) => !isOver(each)))
      await trials.giveBack(search, trial.number);
  }
}

const runStatusOf = { succeeded: 'FINISHED', failed: 'FAILED', cancelled: 'KILLED' } as const;

export type Searches = ReturnType<typeof createSearches>;
