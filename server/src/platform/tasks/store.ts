import type { ExpressionBuilder, Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { Database } from '../../adapters/db/schema.ts';
import type { Task, TaskState } from './rules.ts';

type Row = Selectable<Database['tasks']>;

export interface NewTask {
  readonly id: string;
  readonly workspace: string;
  readonly kind: string;
  readonly subject: string;
  readonly payload: object;
  readonly actor: string;
  readonly runAt: number;
  readonly priority: number;
  readonly maximumAttempts: number;
  readonly deduplicationKey: string | null;
  readonly now: number;
  /** Of a task that is over before it began. */
  readonly result?: object | undefined;
}

const final: TaskState[] = ['succeeded', 'failed', 'cancelled'];

const toTask = (row: Row): Task => ({
  id: row.id,
  workspace: row.workspace,
  kind: row.kind,
  subject: row.subject,
  state: row.state as TaskState,
  payload: parseJson(row.payload),
  progress: row.progress ? parseJson(row.progress) : {},
  result: row.result ? parseJson(row.result) : null,
  error: row.error,
  attempt: row.attempt,
  maximumAttempts: row.maximum_attempts,
  actor: row.actor,
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
});

const isDue = (now: number) => (e: ExpressionBuilder<Database, 'tasks'>) =>
  e.or([
    e.and([e('state', 'in', ['queued', 'waiting']), e('run_at', '<=', now)]),
    e.and([e('state', '=', 'running'), e('lease_until', '<', now)]),
  ]);

export const taskStore = (db: Db) => ({
  /** Null when a task with this deduplication key is there already. */
  async insert(task: NewTask): Promise<string | null> {
    const row = await db
      .insertInto('tasks')
      .values({
        id: task.id,
        workspace: task.workspace,
        kind: task.kind,
        subject: task.subject,
        state: task.result ? 'succeeded' : 'queued',
        payload: json(task.payload),
        progress: null,
        result: task.result ? json(task.result) : null,
        error: null,
        attempt: 0,
        maximum_attempts: task.maximumAttempts,
        priority: task.priority,
        run_at: task.runAt,
        lease_owner: null,
        lease_until: null,
        actor: task.actor,
        created_at: task.now,
        started_at: null,
        updated_at: task.now,
        finished_at: task.result ? task.now : null,
        deduplication_key: task.deduplicationKey,
      })
      .onConflict((conflict) => conflict.columns(['workspace', 'kind', 'deduplication_key']).doNothing())
      .returning('id')
      .executeTakeFirst();
    return row?.id ?? null;
  },

  async findByKey(workspace: string, kind: string, key: string): Promise<string | null> {
    const row = await db
      .selectFrom('tasks')
      .select('id')
      .where('workspace', '=', workspace)
      .where('kind', '=', kind)
      .where('deduplication_key', '=', key)
      .executeTakeFirst();
    return row?.id ?? null;
  },

  async find(id: string): Promise<Task | null> {
    const row = await db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst();
    return row ? toTask(row) : null;
  },

  async list(filter: {
    workspace: string;
    kind: string | readonly string[];
    state?: TaskState | undefined;
    before?: string | undefined;
    limit: number;
  }): Promise<Task[]> {
    let query = db
      .selectFrom('tasks')
      .selectAll()
      .where('workspace', '=', filter.workspace)
      .where('kind', 'in', [filter.kind].flat());
    if (filter.state) query = query.where('state', '=', filter.state);
    if (filter.before) query = query.where('id', '<', filter.before);
    return (await query.orderBy('id', 'desc').limit(filter.limit).execute()).map(toTask);
  },

  async countByState(): Promise<Record<string, number>> {
    const rows = await db
      .selectFrom('tasks')
      .select(['state', (e) => e.fn.countAll<number>().as('count')])
      .groupBy('state')
      .execute();
    return Object.fromEntries(rows.map((row) => [row.state, Number(row.count)]));
  },

  /** Whether any task is due, whatever its kind: the cheap look before the one that chooses. */
  async hasDue(now: number): Promise<boolean> {
    const row = await db.selectFrom('tasks').select('id').where(isDue(now)).limit(1).executeTakeFirst();
    return row !== undefined;
  },

  /** Of what has not ended, by kind and state. */
  async countOpen(): Promise<{ kind: string; state: string; count: number; oldestRunAt: number }[]> {
    const rows = await db
      .selectFrom('tasks')
      .select((e) => [
        'kind',
        'state',
        e.fn.countAll<number>().as('count'),
        e.fn.min('run_at').as('oldest_run_at'),
      ])
      .where('state', 'in', ['queued', 'waiting', 'running'])
      .groupBy(['kind', 'state'])
      .execute();
    return rows.map((row) => ({
      ...{ kind: row.kind, state: row.state },
      ...{ count: Number(row.count), oldestRunAt: Number(row.oldest_run_at) },
    }));
  },

  /**
   * The next due task of these kinds: queued or waiting and due, or running with a lease that ran out (its owner died).
   * What the asker itself is `running` is not due: its heartbeat may be late, but its attempt lives.
   */
  async findDue(kinds: readonly string[], now: number, running: readonly string[]): Promise<Task | null> {
    if (kinds.length === 0) return null;
    let due = db.selectFrom('tasks').selectAll().where('kind', 'in', kinds).where(isDue(now));
    if (running.length > 0) due = due.where('id', 'not in', running);
    const row = await due
      .orderBy('priority', 'desc')
      .orderBy('run_at')
      .orderBy('id')
      .limit(1)
      .executeTakeFirst();
    return row ? toTask(row) : null;
  },

  /** Takes a task that was due; null when another taker came first. */
  async lease(id: string, owner: string, now: number, leaseMs: number): Promise<Task | null> {
    const row = await db
      .updateTable('tasks')
      .set((e) => ({
        attempt: e('attempt', '+', 1),
        state: 'running',
        lease_owner: owner,
        lease_until: now + leaseMs,
        run_at: now,
        started_at: e.fn.coalesce('started_at', e.val(now)),
        updated_at: now,
      }))
      .where('id', '=', id)
      .where(isDue(now))
      .returningAll()
      .executeTakeFirst();
    return row ? toTask(row) : null;
  },

  /** False when the lease was lost: somebody else owns the task or it was cancelled. */
  async renew(id: string, owner: string, until: number, now: number): Promise<boolean> {
    const result = await db
      .updateTable('tasks')
      .set({ lease_until: until, updated_at: now })
      .where('id', '=', id)
      .where('lease_owner', '=', owner)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  async saveProgress(
    id: string,
    owner: string,
    progress: object,
    until: number,
    now: number,
  ): Promise<boolean> {
    const result = await db
      .updateTable('tasks')
      .set({ progress: json(progress), lease_until: until, updated_at: now })
      .where('id', '=', id)
      .where('lease_owner', '=', owner)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  /** Ends an attempt; false, and nothing done, when the lease was lost. */
  async settle(
    id: string,
    owner: string,
    change: { state: TaskState; runAt?: number; result?: object; error?: string | null; now: number },
  ): Promise<boolean> {
    const result = await db
      .updateTable('tasks')
      .set((e) => ({
        state: change.state,
        lease_owner: null,
        lease_until: null,
        updated_at: change.now,
        error: change.error ?? null,
        // A wake that arrived during the attempt left a smaller run_at: it must not be lost.
        ...(change.runAt !== undefined && {
          run_at: e.case().when('run_at', '<', 0).then(change.now).else(change.runAt).end(),
        }),
        // A step that ended well is no failure: the next one has all its attempts before it.
        ...(change.state === 'waiting' && { attempt: 0 }),
        ...(change.result && { result: json(change.result) }),
        ...(final.includes(change.state) && { finished_at: change.now }),
      }))
      .where('id', '=', id)
      .where('lease_owner', '=', owner)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  /** Due now; a task that is running just now is marked (negative run_at) and runs once more when it waits. */
  async wake(id: string, now: number): Promise<void> {
    await db
      .updateTable('tasks')
      .set((e) => ({
        run_at: e.case().when('state', '=', 'running').then(-1).else(now).end(),
        updated_at: now,
      }))
      .where('id', '=', id)
      .where('state', 'in', ['queued', 'waiting', 'running'])
      .execute();
  },

  async cancel(id: string, now: number): Promise<boolean> {
    const result = await db
      .updateTable('tasks')
      .set({ state: 'cancelled', lease_owner: null, lease_until: null, finished_at: now, updated_at: now })
      .where('id', '=', id)
      .where('state', 'not in', final)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  /** The one process of an embedded database: whatever is leased was left by a dead one. */
  async releaseAll(now: number): Promise<void> {
    await db
      .updateTable('tasks')
      .set({ lease_until: 0, updated_at: now })
      .where('state', '=', 'running')
      .execute();
  },

  async findSetting(workspace: string, key: string): Promise<string | null> {
    const row = await db
      .selectFrom('settings')
      .select('value')
      .where('workspace', '=', workspace)
      .where('key', '=', key)
      .executeTakeFirst();
    return row?.value ?? null;
  },

  async saveSetting(workspace: string, key: string, value: string, now: number): Promise<void> {
    await db
      .insertInto('settings')
      .values({ workspace, key, value, updated_at: now })
      .onConflict((conflict) =>
        conflict.columns(['workspace', 'key']).doUpdateSet({ value, updated_at: now }),
      )
      .execute();
  },
});
