import type { FeatureView, Materialization, Page } from '@tidemill/contract';
import type { Changes } from '../../../access/audit/service.ts';
import type { Db } from '../../../adapters/db/db.ts';
import { type Caller, systemCaller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors, type TidemillError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../../base/page.ts';
import { formatReference } from '../../../base/references.ts';
import type { TaskContext, TaskOutcome, Tasks } from '../../../platform/tasks/service.ts';
import { endlessAttempts, withToldEnd } from '../../../platform/tasks/told-end.ts';
import { type Bindings, createBinder, type Datasets } from '../../datasets/service.ts';
import { assertOnline } from '../aggregations.ts';
import { createOnlineFill, type OnlineFillDependencies } from './fill.ts';
import { emptyResult, type MaterializationResult, materializationStore } from './materialization-store.ts';

export interface MaterializeDependencies extends OnlineFillDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'cancel'>;
  readonly datasets: Datasets;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
}

const taskKind = 'feature-materialization';
const allowedFailures = 3;
const shownProgressMs = 1_000;
/** Another process may end it: then nobody here is told. */
const lookAgainMs = 250;

interface Payload {
  readonly name: string;
  readonly version: number;
  readonly mode: Materialization['mode'];
  readonly bindings?: Bindings | undefined;
}

export interface BeginRequest extends Payload {
  readonly trigger: Materialization['trigger'];
}

/** Writes the newest values of a view's entities to the online store: a record and a task, by request or by itself. */
export function createMaterialize(deps: MaterializeDependencies) {
  const { db, changes, clock, tasks, resolveView } = deps;
  const store = materializationStore(db);
  const filling = createOnlineFill(deps);
  const waiting = new Map<string, (failure?: TidemillError) => void>();

  tasks.register<Payload>(
    taskKind,
    // Whoever pauses the automation may still materialize by hand; schedules rest.
    { concurrency: 2, whilePaused: true },
    withToldEnd(run, { allowedFailures: () => allowedFailures, fail }),
  );

  async function run(task: TaskContext<Payload>): Promise<TaskOutcome> {
    const { id, workspace, payload } = task;
    if (!(await store.start(id, clock.now()))) return { done: {} };
    const view = await resolveView(formatReference(payload.name, payload.version), workspace);
    const result = await bringOnline(view, task);
    const caller = callerOf(task);
    await changes.run(caller, async (tx, note) => {
      if (!(await materializationStore(tx).end(id, { state: 'succeeded', result, now: clock.now() }))) return;
      const detail = { view: view.reference, materialization: id, ...result };
      note({ action: 'features.materialized', subject: view.uri, detail });
    });
    waiting.get(id)?.();
    return { done: { ...result } };
  }

  async function bringOnline(view: FeatureView, task: TaskContext<Payload>): Promise<MaterializationResult> {
    const { id, workspace, payload, signal } = task;
    const binder = createBinder(deps, workspace, payload.bindings);
    const bound = await binder.bind(view.reference, view.sql);
    const bindings = binder.resolved();
    const isIncremental = payload.mode === 'incremental';
    const last = isIncremental ? await store.findLast(workspace, view.name, view.version) : null;
    if (last && last.pending === 0 && isSame(last.bindings, bindings) && dependsOnVersionsOnly(view.sql)) {
      const { newestEventTime } = last;
      await filling.carry(last.id, id);
      return { ...emptyResult, unchanged: true, newestEventTime, bindings };
    }
    const filled = await filling.fill({
      ...{ view, bound, id, isIncremental, signal, now: clock.now, since: last?.id ?? null },
      onProgress: throttled(task),
    });
    const newestEventTime = filled.newestEventTime ?? last?.newestEventTime ?? null;
    return { ...filled, newestEventTime, unchanged: false, bindings };
  }

  /** A figure on its way; the end writes the true one. */
  function throttled(task: TaskContext<Payload>): (step: string, rows: number) => void {
    let shown = 0;
    return (step, rows) => {
      if (performance.now() - shown < shownProgressMs) return;
      shown = performance.now();
      task.saveProgress({ ...task.progress, step, rows }).catch(() => undefined);
    };
  }

  async function fail(task: TaskContext<Payload>, error: TidemillError): Promise<void> {
    await store.end(task.id, { state: 'failed', error: error.message, now: clock.now() });
    waiting.get(task.id)?.(error);
  }

  /** Queues one; in the caller's transaction. */
  async function begin(tx: Db, request: BeginRequest, caller: Caller): Promise<string> {
    const { trigger, ...payload } = request;
    const id = newId('task');
    const { workspace, actor } = caller;
    await materializationStore(tx).insert({ ...payload, id, workspace, trigger, actor, now: clock.now() });
    const subject = `view:${formatReference(payload.name, payload.version)}`;
    await tasks.enqueue(tx, {
      ...{ id, kind: taskKind, workspace, subject, payload, actor, maximumAttempts: endlessAttempts },
    });
    return id;
  }

  async function ended(id: string): Promise<Materialization> {
    for (;;) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.set(id, (failure) => (failure ? reject(failure) : resolve()));
      const timer = setTimeout(resolve, lookAgainMs);
      try {
        const found = await get(id);
        if (found.finishedAt !== null && found.state !== 'failed') return found;
        await promise;
        if (found.finishedAt !== null) return found;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    }
  }

  async function get(id: string, workspace?: string): Promise<Materialization> {
    const found = await store.find(id, workspace);
    if (!found) throw errors.materializationNotFound({ id });
    return found;
  }

  return {
    begin,

    async materialize(
      input: {
        name: string;
        version: string;
        bindings?: Bindings;
        mode?: Materialization['mode'];
        wait?: boolean;
      },
      caller: Caller,
    ): Promise<Materialization> {
      const { bindings, mode = 'full', wait = true } = input;
      const view = await resolveView(formatReference(input.name, input.version), caller.workspace);
      assertOnline(view);
      const { name, version } = view;
      const request = { name, version, mode, bindings, trigger: 'request' as const };
      const id = await changes.run(caller, (tx) => begin(tx, request, caller));
      if (!wait) return get(id);
      const end = await ended(id);
      if (end.state === 'succeeded') return end;
      throw errors.materializationEnded({ id, state: end.state, reason: sentence(end.error) });
    },

    /** The last that ended well. */
    lastMaterialization: (workspace: string, view: string, number: number) =>
      store.findLast(workspace, view, number),
    /** Versions of a view that have been brought online. */
    onlineNumbers: (workspace: string, view: string) => store.listNumbers(workspace, view),

    getMaterialization: ({ id }: { id: string }, caller: Caller) => get(id, caller.workspace),

    async listMaterializations(
      input: { name: string; cursor?: string; limit?: number },
      caller: Caller,
    ): Promise<Page<Materialization>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      return toPage(await store.list(caller.workspace, input.name, before, limit + 1), limit, ({ id }) => id);
    },

    async cancelMaterialization({ id }: { id: string }, caller: Caller): Promise<Materialization> {
      const found = await get(id, caller.workspace);
      await changes.run(caller, async (tx, note) => {
        await tasks.cancel(tx, id);
        const end = { state: 'cancelled' as const, error: `cancelled by ${caller.actor}`, now: clock.now() };
        if (await materializationStore(tx).end(id, end))
          note({
            action: 'features.materializationCancelled',
            subject: `view:${found.view}`,
            detail: { id },
          });
      });
      waiting.get(id)?.();
      return get(id);
    },
  };
}

export type Materialize = ReturnType<typeof createMaterialize>;

const callerOf = ({ actor, workspace }: TaskContext<Payload>): Caller =>
  actor.startsWith('system:')
    ? systemCaller(actor.slice('system:'.length), workspace)
    : { actor, role: 'editor', workspace };

const sentence = (text: string | null): string => (text ?? 'no reason known').replace(/[.\s]+$/, '');

/** What gives something else at another time may give it for the same versions. */
const dependsOnVersionsOnly = (sql: string): boolean =>
  !/\b(now|today|current_\w+|random|uuid|get_current\w*)\b/i.test(sql);

const isSame = (a: Record<string, string>, b: Record<string, string>): boolean =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
