import type {
  Input,
  ModelVersion,
  Page,
  Study,
  StudyReport,
  StudySummary,
  studyEndpoints,
} from '@tidemill/contract';
import type { Changes } from '../../../access/audit/service.ts';
import type { Lineage } from '../../../access/lineage/service.ts';
import type { Db } from '../../../adapters/db/db.ts';
import { type Caller, systemCaller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors, type TidemillError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../../base/page.ts';
import { parseReference, toUri } from '../../../base/references.ts';
import type { TaskContext, TaskOutcome, Tasks } from '../../../platform/tasks/service.ts';
import { endlessAttempts, withToldEnd } from '../../../platform/tasks/told-end.ts';
import type { Learners } from '../../../training/learners/service.ts';
import type { Registry } from '../../registry/service.ts';
import { createPredictors, type PredictorDependencies } from '../predictors.ts';
import { withTable } from '../reading/judged-table.ts';
import type { Evaluations } from '../service.ts';
import { studyAttribution } from './attribution.ts';
import { backtestModel } from './backtest-model.ts';
import { backtestTable } from './backtest-table.ts';
import { studyImportance } from './importance.ts';
import { createRowExplanations } from './row-explanations.ts';
import {
  assertRequest,
  type Findings,
  type OnStep,
  type StudyInput,
  type StudyRequest,
  toReport,
} from './rules.ts';
import { type Studied, type StudyDependencies, study } from './sampling.ts';
import { studyStability } from './stability.ts';
import { type StoredStudy, studyStore } from './store.ts';

export type { RowExplanation, RowsToExplain } from './row-explanations.ts';

/** A study that succeeded, the newest of its kind. */
export interface NewestStudy {
  readonly id: string;
  readonly dataset: string;
  readonly finishedAt: number;
  readonly report: StudyReport;
}

const gatedKinds = ['importance', 'stability', 'backtest'] as const;
export type NewestStudies = Readonly<Partial<Record<(typeof gatedKinds)[number], NewestStudy>>>;

export interface StudiesDependencies
  extends Omit<PredictorDependencies, 'analytics'>,
    Pick<StudyDependencies, 'analytics' | 'compute'> {
  readonly db: Db;
  readonly registry: Pick<Registry, 'resolve' | 'onnxFile' | 'pythonModel'>;
  readonly learners: Pick<Learners, 'parseRecipe' | 'read' | 'train'>;
  readonly evaluations: Pick<Evaluations, 'evaluate'>;
  readonly changes: Changes;
  readonly lineage: Pick<Lineage, 'recordNode' | 'recordEdges'>;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'cancel' | 'find'>;
  readonly clock: Clock;
}

type Contract = typeof studyEndpoints;

interface Payload {
  readonly study: string;
}

interface Watched {
  readonly caller: Caller;
  readonly workspace: string;
  readonly signal: AbortSignal;
  readonly onStep: OnStep;
}

const taskKind = 'model-study';
const allowedFailures = 2;
const shownProgressMs = 500;
const rowsOf = { importance: 5000, stability: 5000, attribution: 1000 } as const;

/** Looks at models that take longer than a request: each a task with progress, which can be ended, and a kept report. */
export function createStudies(deps: StudiesDependencies) {
  const { db, registry, changes, lineage, tasks, clock } = deps;
  const predictors = createPredictors(deps);
  const looking = { ...deps, predictors };

  tasks.register<Payload>(
    taskKind,
    { concurrency: 1 },
    withToldEnd(run, { allowedFailures: () => allowedFailures, fail }),
  );

  async function run(task: TaskContext<Payload>): Promise<TaskOutcome> {
    const stored = await studyStore(db).find(task.payload.study);
    if (!stored || !(await studyStore(db).begin(stored.id))) return { done: {} };
    const request = await studyStore(db).findRequest(stored.id);
    const caller: Caller = { actor: stored.createdBy, role: 'editor', workspace: stored.workspace };
    const progress = showProgress(task);
    try {
      const { workspace } = stored;
      const watched = { caller, workspace, signal: task.signal, onStep: progress.onStep };
      const { report, sources } = await look(request, watched);
      await changes.run(caller, async (tx, note) => {
        await endIn(tx, stored, { state: 'succeeded', report });
        const uri = toUri('study', stored.id);
        await lineage.recordNode(tx, { workspace, uri, kind: 'study', digest: null, location: null });
        const edges = sources.map((from) => ({ from, to: uri, relation: 'studied' as const }));
        await lineage.recordEdges(tx, workspace, edges);
        const { kind, model } = request;
        note({ action: 'model.studied', subject: uri, detail: { kind, model: model ?? null } });
      });
    } finally {
      await progress.end();
    }
    return { done: {} };
  }

  /** The latest step, written at most twice a second. */
  function showProgress(task: TaskContext<Payload>) {
    let latest = { step: 'beginning', fraction: 0 };
    let shown: typeof latest | null = null;
    let writing: Promise<void> = Promise.resolve();
    const write = () => {
      if (latest === shown) return;
      shown = latest;
      writing = task.saveProgress({ ...task.progress, ...shown }).catch(() => undefined);
    };
    const timer = setInterval(write, shownProgressMs);
    const onStep: OnStep = (step, fraction = latest.fraction) => {
      latest = { step, fraction };
    };
    return {
      onStep,
      async end() {
        clearInterval(timer);
        await writing;
      },
    };
  }

  async function look(
    request: StudyInput,
    watched: Watched,
  ): Promise<{ report: StudyReport; sources: readonly string[] }> {
    if (request.kind === 'evaluation') return evaluate(request, watched);
    const { workspace, signal } = watched;
    if (request.predictions)
      return withTable(deps, request, workspace, signal, async (table) => ({
        report: toReport(await backtestTable(deps, request, table, watched)),
        sources: table.versions.map(({ uri }) => uri),
      }));
    const model = await registry.resolve(request.model ?? '', workspace);
    if (request.kind === 'backtest') {
      const report = toReport(await backtestModel(looking, request, model, watched));
      return { report, sources: [model.uri] };
    }
    const { kind } = request;
    const most = request.rows ?? rowsOf[kind];
    return study(looking, request, model, watched, most, async (studied) => ({
      report: toReport({ ...describe(studied), [kind]: await lookAt(kind, studied, request, watched) }),
      sources: [model.uri, ...studied.table.versions.map(({ uri }) => uri)],
    }));
  }

  const lookAt = (kind: keyof typeof rowsOf, studied: Studied, request: StudyInput, watched: Watched) => {
    if (kind === 'importance') return studyImportance(deps, studied, request, watched);
    if (kind === 'stability') return studyStability(deps, studied, request, watched);
    return studyAttribution(looking, studied, request, watched);
  };

  async function evaluate(
    { kind: _, rows: __, metric: ___, ...request }: StudyInput,
    { caller, signal, onStep }: Watched,
  ) {
    onStep('evaluating');
    const found = await deps.evaluations.evaluate(request, caller, signal, onStep);
    const { task, window, notes, id } = found;
    const report = toReport({ task, rows: window.rows, ofRows: window.rows, notes, evaluation: id });
    return { report, sources: [toUri('evaluation', id)] };
  }

  async function endIn(
    tx: Db,
    { id }: StoredStudy,
    ended: Omit<Parameters<ReturnType<typeof studyStore>['end']>[1], 'at'>,
  ): Promise<void> {
    const isFirst = await studyStore(tx).end(id, { ...ended, at: clock.now() });
    if (!isFirst) throw errors.studyEnded({ id, state: 'ended elsewhere' });
  }

  async function fail({ payload }: TaskContext<Payload>, error: TidemillError): Promise<void> {
    const stored = await studyStore(db).find(payload.study);
    if (!stored || stored.finishedAt !== null) return;
    await changes.run(systemCaller('studies', stored.workspace), async (tx, note) => {
      await endIn(tx, stored, { state: 'failed', error: error.message });
      const detail = { kind: stored.kind, error: error.message };
      note({ action: 'model.study-failed', subject: toUri('study', stored.id), detail });
    });
  }

  async function find(id: string, workspace: string): Promise<StoredStudy> {
    const stored = await studyStore(db).find(id);
    if (stored?.workspace === workspace) return stored;
    throw errors.studyNotFound({ id });
  }

  async function summarise(stored: StoredStudy): Promise<StudySummary> {
    const { model, workspace: _, task, ...rest } = stored;
    const isOpen = stored.finishedAt === null;
    const progress = isOpen ? ((await tasks.find(task))?.progress ?? {}) : {};
    const { step, fraction } = progress;
    return {
      ...rest,
      model: model && `${model.name}@${model.version}`,
      progress: typeof step === 'string' && typeof fraction === 'number' ? { step, fraction } : null,
    };
  }

  async function show(stored: StoredStudy): Promise<Study> {
    const store = studyStore(db);
    const [request, report] = [await store.findRequest(stored.id), await store.findReport(stored.id)];
    return { ...(await summarise(stored)), request, report };
  }

  return {
    /** Attributions of single rows, for whoever answers with them. @throws attributionImpossible */
    explainRows: createRowExplanations(looking),
    /** @throws evaluationRequestInvalid */
    async create(asked: StudyRequest, caller: Caller): Promise<Study> {
      const request = assertRequest(asked);
      const { workspace, actor } = caller;
      const model = await resolveModel(request, caller);
      const fixed = { ...request, ...(model && { model: model.reference }) };
      if (fixed.dataset !== undefined)
        fixed.dataset = (await deps.datasets.resolve(fixed.dataset, workspace)).reference;
      const stored: StoredStudy = {
        ...{ id: newId('study'), workspace, task: newId('task'), kind: request.kind, state: 'queued' },
        model: model && { name: model.model, version: model.version },
        dataset: fixed.dataset ?? request.sql ?? '',
        target: request.target,
        ...{ error: null, createdAt: clock.now(), createdBy: actor, finishedAt: null },
      };
      await changes.run(caller, async (tx, note) => {
        await studyStore(tx).insert(stored, fixed);
        const subject = toUri('study', stored.id);
        await tasks.enqueue(tx, {
          ...{ id: stored.task, kind: taskKind, workspace, subject, actor },
          payload: { study: stored.id },
          maximumAttempts: endlessAttempts,
        });
        note({
          action: 'model.study-began',
          subject,
          detail: { kind: request.kind, model: fixed.model },
        });
      });
      return show(stored);
    },

    async get({ id }: { id: string }, caller: Caller): Promise<Study> {
      return show(await find(id, caller.workspace));
    },

    /** What gates read: of each kind the newest of exactly this version that succeeded. */
    async newest({ model: name, version }: ModelVersion, workspace: string): Promise<NewestStudies> {
      const found = await studyStore(db).newest(workspace, { name, version }, gatedKinds);
      return Object.fromEntries(
        found.map(({ kind, id, dataset, finishedAt, createdAt, report }) => [
          kind,
          { id, dataset, finishedAt: finishedAt ?? createdAt, report },
        ]),
      );
    },

    /** A model without a version means all of its versions. */
    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<StudySummary>> {
      const { workspace } = caller;
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const { kind, state } = input;
      const filter = { ...(await toFilter(input.model, workspace)), workspace, kind, state, before };
      const rows = await studyStore(db).list({ ...filter, limit: limit + 1 });
      const { items, nextCursor } = toPage(rows, limit, ({ id }) => id);
      return { items: await Promise.all(items.map(summarise)), nextCursor };
    },

    async cancel({ id }: { id: string }, caller: Caller): Promise<Study> {
      const stored = await find(id, caller.workspace);
      await changes.run(caller, async (tx, note) => {
        if (!(await studyStore(tx).end(id, { state: 'cancelled', at: clock.now() })))
          throw errors.studyEnded({ id, state: stored.state });
        await tasks.cancel(tx, stored.task);
        note({
          action: 'model.study-cancelled',
          subject: toUri('study', id),
          detail: { kind: stored.kind },
        });
      });
      return show(await find(id, caller.workspace));
    },
  };

  async function resolveModel({ model }: StudyInput, { workspace }: Caller): Promise<ModelVersion | null> {
    return model === undefined ? null : registry.resolve(model, workspace);
  }

  async function toFilter(model: string | undefined, workspace: string) {
    if (model === undefined) return {};
    if (!model.includes('@')) return { model: parseReference(model).name };
    const { model: name, version } = await registry.resolve(model, workspace);
    return { model: name, version };
  }
}

function describe({ judged, rows, ofRows, notes, model }: Studied): Findings {
  const seen =
    model.recipe === null
      ? []
      : [
          `${model.reference} may have learned from some of these rows: what it leans on there is not all that it needs elsewhere.`,
        ];
  return { task: judged.task, rows, ofRows, notes: [...notes, ...seen] };
}

export type Studies = ReturnType<typeof createStudies>;
