import type { FeatureView, Materialization, Page } from '@tidemill/contract';
import type { Changes } from '../../../access/audit/service.ts';
import { type Db, lockKey, transact } from '../../../adapters/db/db.ts';
import { type Caller, systemCaller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors, type TidemillError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../../base/page.ts';
import { formatReference, parseReference } from '../../../base/references.ts';
import { isFinal } from '../../../platform/tasks/rules.ts';
import type { TaskContext, TaskOutcome, Tasks } from '../../../platform/tasks/service.ts';
import { endlessAttempts, withToldEnd } from '../../../platform/tasks/told-end.ts';
import { type Bindings, createBinder, type Datasets } from '../../datasets/service.ts';
import { createOnlineFill, type OnlineFillDependencies } from './fill.ts';
import { emptyResult, type MaterializationResult, materializationStore } from './materialization-store.ts';

export interface MaterializeDependencies extends OnlineFillDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'cancel' | 'find' | 'wake'>;
  readonly datasets: Datasets;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
}

const taskKind = 'feature-materialization';
const allowedFailures = 3;
const shownProgressMs = 1_000;
/** Another process may end it: then nobody here is told. */
const lookAgainMs = 250;
/** Whoever ends wakes those that wait for it, unless its process died. */
const longestWaitMs = 10_000;

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
    const begun = await start(task);
    if (begun === 'waits') return { waitUntil: clock.now() + longestWaitMs };
    if (begun === 'ended') return { done: {} };
    const view = await resolveView(formatReference(payload.name, payload.version), workspace);
    const result = await bringOnline(view, task);
    const caller = callerOf(task);
    await changes.run(caller, async (tx, note) => {
      if (!(await materializationStore(tx).end(id, { state: 'succeeded', result, now: clock.now() }))) return;
      const detail = { view: view.reference, materialization: id, ...result };
      note({ action: 'features.materialized', subject: view.uri, detail });
      await wakeNext(tx, workspace, view.name, view.version);
    });
    waiting.get(id)?.();
    return { done: { ...result } };
  }

  /** One at a time: what read older data must not end after what read newer, and write over it. */
  async function start({
    id,
    workspace,
    payload,
  }: TaskContext<Payload>): Promise<'begun' | 'ended' | 'waits'> {
    const { name, version } = payload;
    const over = await listOver(workspace, name, version);
    return transact(db, async (tx) => {
      await lockKey(tx, `materialize/${workspace}/${formatReference(name, version)}`);
      const inside = materializationStore(tx);
      const running = await inside.listIn('running', workspace, name, version);
      if (!running.includes(id) && running.some((other) => !over.has(other))) return 'waits';
      return (await inside.start(id, clock.now())) ? 'begun' : 'ended';
    });
  }

  /** Those said to run whose task has ended all the same. */
  async function listOver(workspace: string, name: string, version: number): Promise<Set<string>> {
    const over = new Set<string>();
    for (const id of await store.listIn('running', workspace, name, version)) {
      const task = await tasks.find(id);
      if (!task || isFinal(task.state)) over.add(id);
    }
    return over;
  }

  /** Those that waited for the one that ends here. */
  async function wakeNext(tx: Db, workspace: string, name: string, version: number): Promise<void> {
    for (const id of await materializationStore(tx).listIn('queued', workspace, name, version))
      await tasks.wake(tx, id);
  }

  async function bringOnline(view: FeatureView, task: TaskContext<Payload>): Promise<MaterializationResult> {
    const { id, workspace, payload, signal } = task;
    const binder = createBinder(deps, workspace, payload.bindings);
    const bound = await binder.bind(view.reference, view.sql);
    const bindings = binder.resolved();
    const isIncremental = payload.mode === 'incremental';
    const last = isIncremental ? await store.findLast(workspace, view.name, view.version) : null;
    const isSettled =
      last?.pending === 0 && isSame(last.bindings, bindings) && dependsOnVersionsOnly(view.sql);
    if (last && isSettled && (await filling.carry(view, last.id, id)))
      return { ...emptyResult, unchanged: true, newestEventTime: last.newestEventTime, bindings };
    const since = last && (await isAppendedOnly(view, last.bindings, bindings)) ? last.id : null;
    const filled = await filling.fill({
      ...{ view, bound, bindings, id, isIncremental, signal, now: clock.now, since },
      onProgress: throttled(task),
    });
    const newestEventTime = filled.newestEventTime ?? last?.newestEventTime ?? null;
    return { ...filled, newestEventTime, unchanged: false, bindings };
  }

  /**
   * Whether pushes alone made the stream what it is now. What a push brought online and another commit took out of the
   * dataset stands in neither of the two versions, so no comparison of them would find it.
   */
  async function isAppendedOnly(
    { stream, workspace }: FeatureView,
    before: Bindings,
    now: Bindings,
  ): Promise<boolean> {
    const [from, to] = [before, now].map((bindings) => stream && bindings[stream.dataset]);
    if (!stream || from === to) return true;
    if (!from || !to) return false;
    const [first, last] = [from, to].map((reference) => Number(parseReference(reference).version));
    return deps.datasets.isMadeBy(
      'push',
      { name: stream.dataset, after: first ?? 0, until: last ?? 0 },
      workspace,
    );
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
    const { name, version } = task.payload;
    await transact(db, async (tx) => {
      const end = { state: 'failed' as const, error: error.message, now: clock.now() };
      await materializationStore(tx).end(task.id, end);
      await wakeNext(tx, task.workspace, name, version);
    });
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
      // It may fail while its record is read, before anybody awaits it: that must not end the process.
      promise.catch(() => undefined);
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
        const { name, version } = parseReference(found.view);
        await wakeNext(tx, caller.workspace, name, Number(version));
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
