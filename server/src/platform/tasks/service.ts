import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { Family } from '../../base/metrics/metrics.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { activeTraceparent, parseTraceparent, type Tracer } from '../../base/tracing.ts';
import { backoffMs, type Task, type TaskState } from './rules.ts';
import { taskStore } from './store.ts';

export type { Task, TaskState } from './rules.ts';

export interface TasksDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  /** One process owns the database (SQLite): leases left over from before are void at start. */
  readonly exclusive: boolean;
  /** How long a task stays its process's without a heartbeat. */
  readonly leaseMs?: number;
  /** Null or absent: attempts are no spans. */
  readonly tracer?: Tracer | null;
}

export interface TaskContext<P> {
  readonly id: string;
  readonly workspace: string;
  readonly subject: string;
  readonly actor: string;
  readonly payload: P;
  readonly attempt: number;
  /** What the last `saveProgress` stored, also of an earlier attempt. */
  readonly progress: Record<string, unknown>;
  /** Fires on cancel, on a lost lease and at shutdown. */
  readonly signal: AbortSignal;
  saveProgress(value: Record<string, unknown>): Promise<void>;
  /**
   * Ends the task in the transaction that ends what it is about: both or neither, whenever the process dies.
   * @throws when the lease was lost, so that nothing is ended by whoever does not hold it
   */
  settle(tx: Db, end: TaskEnd): Promise<void>;
}

export type TaskEnd = { readonly done: Record<string, unknown> } | { readonly failed: string };

export type TaskOutcome = { readonly done: Record<string, unknown> } | { readonly waitUntil: number };

export interface TaskOptions {
  readonly concurrency?: number;
  readonly maximumAttempts?: number;
  readonly leaseMs?: number;
  /** Leased even while automation is paused: for what keeps users from harm. */
  readonly whilePaused?: boolean;
  /** What tasks of this kind need of the machine; one that finds no room waits, and those behind it with it. */
  readonly room?: Room;
}

/** Something of which there is only so much. */
export interface Room {
  /** False when there is not enough left; otherwise it is the task's until released. */
  take(task: Task): boolean;
  release(task: Task): void;
}

interface Kind extends Required<Omit<TaskOptions, 'room'>>, Pick<TaskOptions, 'room'> {
  readonly name: string;
  readonly work: (context: TaskContext<never>) => Promise<TaskOutcome>;
  running: number;
}

const pollMs = 250;
const pauseKey = 'automation.paused';

/**
 * The one state machine of everything long: a row with a lease. A task whose process dies is taken up by the next
 * one after its lease; a lost lease aborts the attempt, so no task runs twice at once.
 */
export function createTasks(deps: TasksDependencies) {
  const { db, clock, logger, exclusive, leaseMs = 30_000, tracer = null } = deps;
  const store = taskStore(db);
  const kinds = new Map<string, Kind>();
  const running = new Map<string, AbortController>();
  const owner = newId('worker');
  const attempts = new Set<Promise<void>>();
  // Pokes come from inside transactions; what they start must not count as part of one.
  const outside = AsyncLocalStorage.snapshot();
  const pokeSoon = () => outside(() => setTimeout(poke, 2));
  let timer: NodeJS.Timeout | undefined;
  let leasing: Promise<void> | undefined;
  let again = false;
  let stopped = true;
  /** Why tasks are not leased at present; said once, not four times a second for as long as it lasts. */
  let leasingFailure: string | null = null;

  function noteLeasing(error: unknown): void {
    const failure = error === null ? null : error instanceof Error ? error.message : String(error);
    if (failure === leasingFailure) return;
    leasingFailure = failure;
    if (failure === null) logger.info('tasks are leased again');
    else logger.error({ err: error }, 'leasing tasks failed; it is tried again until it works');
  }

  async function leaseAll(): Promise<void> {
    do {
      again = false;
      if (stopped || !(await store.hasDue(clock.now()))) continue;
      const isPaused = (await pauseReason()) !== null;
      for (let task = await leaseNext(isPaused); task && !stopped; task = await leaseNext(isPaused))
        begin(task);
    } while (again);
  }

  async function leaseNext(isPaused: boolean): Promise<Task | null> {
    const open = new Map(
      [...kinds].filter(([, kind]) => kind.running < kind.concurrency && (kind.whilePaused || !isPaused)),
    );
    while (open.size > 0) {
      const due = await store.findDue([...open.keys()], clock.now(), [...running.keys()]);
      const kind = due && open.get(due.kind);
      if (!due || !kind) return null;
      if (kind.room?.take(due) === false) {
        open.delete(due.kind);
        continue;
      }
      const task = await store.lease(due.id, owner, clock.now(), kind.leaseMs).catch((error: unknown) => {
        kind.room?.release(due);
        throw error;
      });
      if (task) return task;
      kind.room?.release(due);
    }
    return null;
  }

  function begin(task: Task): void {
    const kind = kinds.get(task.kind);
    if (!kind) return;
    kind.running += 1;
    const attempt = run(kind, task).finally(() => {
      kind.running -= 1;
      kind.room?.release(task);
      attempts.delete(attempt);
      poke();
    });
    attempts.add(attempt);
  }

  async function run(kind: Kind, task: Task): Promise<void> {
    const controller = new AbortController();
    running.set(task.id, controller);
    let renewedAt = clock.now();
    const heartbeat = setInterval(async () => {
      const now = clock.now();
      const held = await renew(kind, task, now);
      if (held) renewedAt = now;
      // Perhaps only we cannot reach the database: the attempt ends before another process may begin one.
      const isRunningOut = held === null && clock.now() - renewedAt > 0.6 * kind.leaseMs;
      if (held === false || isRunningOut) loseLease(controller);
    }, kind.leaseMs / 3);
    try {
      if (task.attempt > task.maximumAttempts) throw new Error('the process died in every attempt');
      const work = () => kind.work(contextOf(kind, task, controller) as TaskContext<never>);
      await settle(task, await (tracer ? tracer.trace(spanOf(task), work) : work()));
    } catch (error) {
      await settleFailure(task, error, controller.signal).catch((cause) =>
        logger.error(
          { err: cause, task: task.id },
          'a failed task could not be recorded; its lease will run out',
        ),
      );
    } finally {
      clearInterval(heartbeat);
      running.delete(task.id);
    }
  }

  /** Null when the database does not say, or not soon. */
  function renew(kind: Kind, task: Task, now: number): Promise<boolean | null> {
    const renewing = store.renew(task.id, owner, now + kind.leaseMs, now).catch(() => null);
    return Promise.race([renewing, pause(kind.leaseMs / 6, null, { ref: false })]);
  }

  const loseLease = (controller: AbortController) =>
    controller.abort(new Error('cancelled, or leased by another process'));

  function contextOf(
    kind: Kind,
    task: Task,
    controller: AbortController,
  ): TaskContext<Record<string, unknown>> {
    return {
      id: task.id,
      workspace: task.workspace,
      subject: task.subject,
      actor: task.actor,
      payload: task.payload,
      attempt: task.attempt,
      progress: task.progress,
      signal: controller.signal,
      async saveProgress(value) {
        const now = clock.now();
        const held = await store.saveProgress(task.id, owner, value, now + kind.leaseMs, now);
        if (!held) loseLease(controller);
        controller.signal.throwIfAborted();
      },
      async settle(tx, end) {
        const change =
          'done' in end
            ? ({ state: 'succeeded', result: end.done } as const)
            : ({ state: 'failed', error: end.failed } as const);
        if (await taskStore(tx).settle(task.id, owner, { ...change, now: clock.now() })) return;
        loseLease(controller);
        controller.signal.throwIfAborted();
      },
    };
  }

  async function settle(task: Task, outcome: TaskOutcome): Promise<void> {
    const now = clock.now();
    if ('done' in outcome)
      await store.settle(task.id, owner, { state: 'succeeded', result: outcome.done, now });
    else await store.settle(task.id, owner, { state: 'waiting', runAt: outcome.waitUntil, now });
  }

  async function settleFailure(task: Task, error: unknown, signal: AbortSignal): Promise<void> {
    const now = clock.now();
    const message = error instanceof Error ? error.message : String(error);
    if (stopped && signal.aborted) {
      // Shutdown is nobody's failure: the next process goes on at once.
      await store.settle(task.id, owner, { state: 'waiting', runAt: now, now });
      return;
    }
    // Cancelled, or leased by another process: whoever did that has written down how it is.
    if (signal.aborted) return;
    const isUserError = error instanceof TidemillError && error.status < 500;
    const isLast = isUserError || task.attempt >= task.maximumAttempts;
    if (!isUserError)
      logger.error({ err: error, task: task.id, kind: task.kind, attempt: task.attempt }, 'task failed');
    const change = isLast
      ? ({ state: 'failed', error: message, now } as const)
      : ({ state: 'queued', runAt: now + backoffMs(task.attempt), error: message, now } as const);
    await store.settle(task.id, owner, change);
  }

  async function pauseReason(): Promise<string | null> {
    const text = await store.findSetting('', pauseKey);
    return text === null || text === 'null' ? null : (JSON.parse(text) as string);
  }

  function poke(): void {
    again = true;
    if (stopped || leasing) return;
    clearTimeout(timer);
    leasing = leaseAll()
      .then(() => noteLeasing(null), noteLeasing)
      .finally(() => {
        leasing = undefined;
        if (again) poke();
        else if (!stopped) timer = setTimeout(poke, pollMs);
      });
  }

  async function get(id: string): Promise<Task> {
    const task = await store.find(id);
    if (!task) throw errors.taskNotFound({ id });
    return task;
  }

  return {
    /** Says how tasks of a kind are worked on. Call before `start`. */
    register<P>(
      name: string,
      options: TaskOptions,
      work: (context: TaskContext<P>) => Promise<TaskOutcome>,
    ): void {
      const defaults = { concurrency: 2, maximumAttempts: 3, leaseMs, whilePaused: false };
      kinds.set(name, { ...defaults, ...options, name, running: 0, work: work as Kind['work'] });
    },

    /** Queues a task in the caller's transaction; gives the id, of the earlier one if the deduplication key is taken. */
    async enqueue(
      tx: Db,
      task: {
        id?: string;
        kind: string;
        workspace: string;
        subject: string;
        payload: object;
        actor: string;
        runAt?: number;
        priority?: number;
        maximumAttempts?: number;
        deduplicationKey?: string;
        /** Of work that turned out to be done already: the task is there, and has succeeded. */
        result?: object;
      },
    ): Promise<string> {
      const now = clock.now();
      const traceparent = activeTraceparent();
      const inserted = await taskStore(tx).insert({
        ...task,
        ...(traceparent !== undefined && { payload: { ...task.payload, traceparent } }),
        id: task.id ?? newId('task'),
        runAt: task.runAt ?? now,
        priority: task.priority ?? 0,
        maximumAttempts: task.maximumAttempts ?? kinds.get(task.kind)?.maximumAttempts ?? 3,
        deduplicationKey: task.deduplicationKey ?? null,
        now,
      });
      pokeSoon();
      if (inserted) return inserted;
      const found = await taskStore(tx).findByKey(task.workspace, task.kind, task.deduplicationKey ?? '');
      if (!found) throw new Error(`task ${task.id ?? ''} of kind ${task.kind} exists already`);
      return found;
    },

    /** A waiting task is due now; one that runs just now will run once more. */
    async wake(tx: Db, id: string): Promise<void> {
      await taskStore(tx).wake(id, clock.now());
      pokeSoon();
    },

    /** Cancels what has not ended, and aborts the attempt. False when it had ended. */
    async cancel(tx: Db, id: string): Promise<boolean> {
      const cancelled = await taskStore(tx).cancel(id, clock.now());
      if (cancelled) running.get(id)?.abort(new Error('cancelled'));
      return cancelled;
    },

    get,
    find: (id: string) => store.find(id),
    countByState: () => store.countByState(),

    /** What Prometheus reads of the queue. */
    metrics: (): Family[] => [
      {
        name: 'tidemill_tasks',
        help: 'Tasks that have not ended, by kind and state; waiting are those due later',
        type: 'gauge',
        collect: async () =>
          (await store.countOpen()).map(({ kind, state, count }) => ({
            labels: { kind, state },
            value: count,
          })),
      },
      {
        name: 'tidemill_tasks_overdue_seconds',
        help: 'How long the task has waited that is due the longest',
        type: 'gauge',
        async collect() {
          const due = (await store.countOpen()).filter(({ state }) => state !== 'running');
          const late = due.map(({ oldestRunAt }) => clock.now() - oldestRunAt);
          return [{ value: Math.max(0, ...late) / 1000 }];
        },
      },
    ],

    async list(filter: {
      workspace: string;
      kind: string | readonly string[];
      state?: TaskState | undefined;
      cursor?: string | undefined;
      limit?: number | undefined;
    }): Promise<Page<Task>> {
      const limit = filter.limit ?? defaultPageSize;
      const before = filter.cursor ? decodeCursor(filter.cursor, isText) : undefined;
      const rows = await store.list({ ...filter, before, limit: limit + 1 });
      return toPage(rows, limit, (task) => task.id);
    },

    pauseReason,
    async pause(tx: Db, reason: string | null): Promise<void> {
      await taskStore(tx).saveSetting('', pauseKey, JSON.stringify(reason), clock.now());
      if (reason === null) pokeSoon();
    },

    async start(): Promise<void> {
      stopped = false;
      if (exclusive) await store.releaseAll(clock.now());
      poke();
    },

    /** Aborts what runs; it goes on in the next process. */
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      for (const controller of running.values()) controller.abort(new Error('shutting down'));
      await leasing;
      await Promise.all(attempts);
    },
  };
}

/** The first attempt is part of what asked for the task; what is woken again later stands by itself. */
const spanOf = (task: Task) => ({
  name: `task ${task.kind}`,
  kind: 'consumer' as const,
  parent:
    task.attempt === 1 && typeof task.payload.traceparent === 'string'
      ? parseTraceparent(task.payload.traceparent)
      : null,
  attributes: {
    'tidemill.task.id': task.id,
    'tidemill.task.kind': task.kind,
    'tidemill.task.attempt': task.attempt,
    'tidemill.subject': task.subject,
    'tidemill.workspace': task.workspace,
  },
});

export type Tasks = ReturnType<typeof createTasks>;
