import type {
  ConfirmationRequest,
  Input,
  Page,
  Sweep,
  SweepChanges,
  SweepDefinition,
  SweepSummary,
  sweepsEndpoints,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, type TidemillError } from '../../base/errors.ts';
import { newId, newRunId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Events } from '../../platform/events/service.ts';
import type { TaskContext, Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts, withToldEnd } from '../../platform/tasks/told-end.ts';
import type { Experiments } from '../experiments/service.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Learners } from '../learners/service.ts';
import { createLearnerConfirmations } from './confirmation/learner-confirmations.ts';
import { createLearnerTasks } from './confirmation/learner-tasks.ts';
import { listLearnerChanges } from './learner-changes.ts';
import { type LearnerTrial, type SweepModel, type SweepRecord, taskKind, toSweep } from './rules.ts';
import { countOf } from './space/rules.ts';
import { createSearches, type SearchesDependencies } from './space/service.ts';
import { sweepStore } from './store.ts';
import { callerOf, createSweepEnds } from './sweep-ends.ts';
import { createSweepFits } from './sweep-fits.ts';
import { findModelOf } from './sweep-model.ts';
import { createSweepWork } from './sweep-work.ts';
import { createTrials } from './trials.ts';

export interface SweepsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly events: Pick<Events, 'on'>;
  readonly tasks: Tasks;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly experiments: Experiments;
  readonly learners: Learners;
  readonly jobs: Pick<Jobs, 'logRecipe' | 'logTrainingSet' | 'storeModel'> & SearchesDependencies['jobs'];
}

const allowedFailures = 3;

/** Searches for parameters: many trials judged on what came next, the best fitted on all rows. */
export function createSweeps(deps: SweepsDependencies) {
  const searches = createSearches(deps);
  const { db, clock, changes, tasks, datasets, experiments, learners } = deps;
  const ends = createSweepEnds(deps);
  const fits = createSweepFits(deps);
  const confirmations = createLearnerConfirmations({
    ...deps,
    holdOpen: (tx, id) => sweepStore(tx).holdOpen(id),
  });
  const confirming = createLearnerTasks({ ...deps, fits, confirmations, getRecord, listTrials });
  const workOnSweep = createSweepWork({ ...deps, ends, fits, confirmations, trials: createTrials(deps) });

  async function getRecord(id: string, workspace: string): Promise<SweepRecord> {
    const found = await sweepStore(db).find(workspace, id);
    if (!found) throw errors.sweepNotFound({ id });
    return found;
  }

  async function get({ id }: { id: string }, caller: Caller): Promise<Sweep> {
    const search = await searches.find(id, caller.workspace);
    if (search) return searches.describe(search);
    const record = await getRecord(id, caller.workspace);
    return describe(record, await listTrials(id));
  }

  async function listTrials(id: string): Promise<readonly LearnerTrial[]> {
    return (await sweepStore(db).listTrials([id])).get(id) ?? [];
  }

  const describe = async (record: SweepRecord, trials: readonly LearnerTrial[]): Promise<Sweep> =>
    toSweep(record, trials, await tasks.find(record.id), await confirmations.describe(record));

  async function outline(record: SweepRecord, states: SweepSummary['states']): Promise<SweepSummary> {
    const task = await tasks.find(record.id);
    const { front: _front, confirmation: _confirmation, ...rest } = toSweep(record, [], task, null);
    const best = await sweepStore(db).findBest(record.id);
    const chosen = await confirmations.findChosen(record.id);
    return { ...rest, trials: countOf(states), states, best, chosen };
  }

  async function submit(sweep: SweepRecord, caller: Caller): Promise<void> {
    const { id, workspace, runId, experimentId, definition, actor } = sweep;
    const name = definition.name ?? undefined;
    const tags = [
      { key: 'mlflow.source.type', value: 'JOB' },
      { key: 'mlflow.source.name', value: id },
    ];
    await changes.run(caller, async (tx, record) => {
      const subject = toUri('sweep', id);
      await experiments.openRun(tx, { id: runId, experimentId, name, status: 'SCHEDULED', tags }, caller);
      await sweepStore(tx).insert(sweep);
      const task = { id, kind: taskKind, workspace, subject, payload: {}, actor };
      await tasks.enqueue(tx, { ...task, maximumAttempts: endlessAttempts });
      const { experiment, trials } = definition;
      record({ action: 'sweep.submitted', subject, detail: { id, experiment, trials, runId } });
    });
  }

  tasks.register<unknown>(taskKind, { concurrency: 2 }, async (task) => {
    const sweep = await getRecord(task.id, task.workspace);
    // Cancelled since it was leased.
    if (sweep.endedAt !== null) return { done: { runId: sweep.runId } };
    const work = (inner: TaskContext<unknown>) => workOnSweep(inner, sweep);
    const fail = async (_task: TaskContext<unknown>, { message }: TidemillError) => {
      const alongside = (tx: Db) => task.settle(tx, { failed: message });
      await ends.end(sweep, 'failed', callerOf(sweep), { error: message, alongside });
    };
    return withToldEnd(work, { allowedFailures: () => allowedFailures, fail })(task);
  });

  return {
    get,
    isTrialOfJob: searches.isTrialOfJob,

    /** @throws datasetVersionNotFound, datasetColumnNotFound, trainingColumnInvalid */
    async create(input: SweepDefinition, caller: Caller): Promise<Sweep> {
      const { workspace, actor } = caller;
      const version = await datasets.resolve(input.trainingSet, workspace);
      const definition = {
        ...input,
        name: input.name ?? null,
        register: input.register ?? null,
        confirm: input.confirm ?? null,
        trainingSet: version.reference,
        learners: [...new Set(input.learners)],
        folds: input.folds ?? 3,
        metric: input.metric ?? 'mae',
        seed: input.seed ?? 0,
      };
      confirmations.assertRequest(input);
      learners.assertColumns({ ...definition, reference: version.reference }, version.columns);
      const { id: experimentId } = await experiments.ensureExperiment(input.experiment, caller);
      const sweep: SweepRecord = {
        ...{ id: newId('sweep'), workspace, experimentId, runId: newRunId(), definition, actor },
        ...{ trainingDigest: version.digest, bestTrial: null, modelVersion: null },
        ...{ createdAt: clock.now(), endedAt: null },
      };
      await submit(sweep, caller);
      return get(sweep, caller);
    },

    /** Newest first, of both kinds. */
    async list(
      input: { cursor?: string | undefined; limit?: number | undefined },
      { workspace }: Caller,
    ): Promise<Page<SweepSummary>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      const rows = await sweepStore(db).listIds(workspace, limit + 1, before);
      const { items: page, nextCursor } = toPage(rows, limit, ({ id }) => id);
      const ids = page.flatMap(({ id, kind }) => (kind === 'learners' ? [id] : []));
      const records = await sweepStore(db).listByIds(workspace, ids);
      const states = await sweepStore(db).countTrials(page.map(({ id }) => id));
      const items: SweepSummary[] = [];
      for (const { id } of page) {
        const record = records.get(id);
        const search = record ? null : await searches.find(id, workspace);
        if (record) items.push(await outline(record, states.get(id) ?? {}));
        else if (search) items.push(await searches.outline(search, states.get(id) ?? {}));
      }
      return { items, nextCursor };
    },

    /** @throws pageCursorInvalid */
    async changes(
      { id, ...request }: Input<typeof sweepsEndpoints.changes>,
      caller: Caller,
    ): Promise<SweepChanges> {
      const search = await searches.find(id, caller.workspace);
      if (search) return searches.changes(search, request);
      const record = await getRecord(id, caller.workspace);
      const looked = { task: await tasks.find(id), confirmation: await confirmations.describe(record) };
      return listLearnerChanges(db, record, request, looked);
    },

    search: searches.create,
    importance: searches.importance,
    ask: searches.ask,
    report: searches.report,
    tell: searches.tell,
    stop: searches.stop,
    resume: searches.resume,

    /** What a policy asks of its sweeps, judged before there is one. @throws confirmationInvalid */
    assertConfirm: confirmations.assertRequest,
    assertSearch: searches.assertRequest,

    /** @throws sweepNotConfirmed, confirmationInvalid */
    async confirm(input: { id: string } & ConfirmationRequest, caller: Caller): Promise<Sweep> {
      if (await searches.isOurs(input.id, caller.workspace)) return searches.confirm(input, caller);
      await confirming.begin(await getRecord(input.id, caller.workspace), input, caller);
      return get(input, caller);
    },

    /** @throws sweepNotFound, sweepNotRegistered */
    async findModel(
      { id, trial }: { id: string; trial?: number | undefined },
      caller: Caller,
    ): Promise<SweepModel> {
      const sweep = await get({ id }, caller);
      const fitted = sweep.kind === 'learners' ? (await getRecord(id, caller.workspace)).bestTrial : null;
      return findModelOf(sweep, { fitted, asked: trial });
    },

    /** Of the newest version that was made of it. */
    recordModel: (tx: Db, id: string, reference: string): Promise<void> =>
      sweepStore(tx).setModelVersion(id, reference),

    /** Running trials are stopped, finished ones stay, the run is KILLED. @throws jobEnded */
    async cancel({ id }: { id: string }, caller: Caller): Promise<Sweep> {
      if (await searches.isOurs(id, caller.workspace)) return searches.cancel({ id }, caller);
      const sweep = await getRecord(id, caller.workspace);
      if (sweep.endedAt !== null && (await confirming.cancel(sweep, caller))) return get({ id }, caller);
      const alongside = (tx: Db) => tasks.cancel(tx, id);
      const ended = await ends.end(sweep, 'cancelled', caller, { alongside });
      const now = await get({ id }, caller);
      if (!ended && now.state !== 'cancelled') throw errors.jobEnded({ id, state: now.state });
      return now;
    },
  };
}

export type Sweeps = ReturnType<typeof createSweeps>;
