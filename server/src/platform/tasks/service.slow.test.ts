import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { DatabaseHandle, Db } from '../../adapters/db/db.ts';
import { transact } from '../../adapters/db/db.ts';
import { systemClock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { createLogger } from '../../base/logger.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTasks, type Tasks } from './service.ts';

const logger = createLogger('silent');

describeEachDatabase('tasks', (open) => {
  let database: DatabaseHandle;
  const started: Tasks[] = [];

  beforeAll(async () => {
    database = await open();
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((tasks) => tasks.stop()));
    await database.db.deleteFrom('tasks').execute();
    await database.db.deleteFrom('settings').execute();
  });

  const build = () => {
    const tasks = createTasks({ db: database.db, clock: systemClock, logger, exclusive: false });
    started.push(tasks);
    return tasks;
  };

  const task = (kind: string, payload: object = {}) => ({
    kind,
    workspace: 'default',
    subject: 'run:1',
    actor: 'user:owner',
    payload,
  });
  const untilState = (tasks: Tasks, id: string, state: string) =>
    vi.waitFor(async () => expect((await tasks.get(id)).state).toBe(state), {
      timeout: 20_000,
      interval: 10,
    });

  it('runs a task once and keeps its result', async () => {
    const tasks = build();
    const seen: unknown[] = [];
    tasks.register<{ n: number }>('double', {}, async ({ payload }) => {
      seen.push(payload.n);
      return { done: { n: payload.n * 2 } };
    });
    await tasks.start();
    const id = await transact(database.db, (tx) => tasks.enqueue(tx, task('double', { n: 21 })));
    await untilState(tasks, id, 'succeeded');
    expect((await tasks.get(id)).result).toEqual({ n: 42 });
    expect(seen).toEqual([21]);
  });

  it('runs nothing when the enqueuing transaction is rolled back', async () => {
    const tasks = build();
    const work = vi.fn(async () => ({ done: {} }));
    tasks.register('never', {}, work);
    await tasks.start();
    const failing = transact(database.db, async (tx) => {
      await tasks.enqueue(tx, task('never'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const later = await transact(database.db, (tx) => tasks.enqueue(tx, task('never')));
    await untilState(tasks, later, 'succeeded');
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('gives the id of the earlier task when the deduplication key is taken', async () => {
    const tasks = build();
    const enqueue = () =>
      transact(database.db, (tx) => tasks.enqueue(tx, { ...task('once'), deduplicationKey: 'k' }));
    expect(await enqueue()).toBe(await enqueue());
  });

  it('tries again after a failure, and does not after a mistake of the user', async () => {
    const tasks = build();
    tasks.register('flaky', { maximumAttempts: 2 }, async ({ attempt }) => {
      if (attempt === 1) throw new Error('for now');
      return { done: { attempt } };
    });
    tasks.register('wrong', { maximumAttempts: 5 }, async () => {
      throw errors.nameInvalid({ kind: 'dataset', name: '?' });
    });
    await tasks.start();
    const flaky = await transact(database.db, (tx) => tasks.enqueue(tx, task('flaky')));
    const wrong = await transact(database.db, (tx) => tasks.enqueue(tx, task('wrong')));
    await untilState(tasks, wrong, 'failed');
    expect((await tasks.get(wrong)).error).toContain("'?' cannot name a dataset");
    await untilState(tasks, flaky, 'succeeded');
    expect((await tasks.get(flaky)).result).toEqual({ attempt: 2 });
  });

  it('goes on from its progress when it waited and was woken', async () => {
    const tasks = build();
    tasks.register('steps', {}, async (context) => {
      const step = Number(context.progress.step ?? 0) + 1;
      await context.saveProgress({ step });
      return step < 3 ? { waitUntil: Date.now() + 600_000 } : { done: { step, attempt: context.attempt } };
    });
    await tasks.start();
    const id = await transact(database.db, (tx) => tasks.enqueue(tx, task('steps')));
    for (let i = 0; i < 2; i++) {
      await untilState(tasks, id, 'waiting');
      await transact(database.db, (tx) => tasks.wake(tx, id));
      await vi.waitFor(async () => expect((await tasks.get(id)).progress.step).toBe(i + 2), {
        timeout: 20_000,
      });
    }
    await untilState(tasks, id, 'succeeded');
    expect((await tasks.get(id)).result).toEqual({ step: 3, attempt: 1 });
  });

  it('has all its attempts for every step, as a step that ended well is no failure', async () => {
    const tasks = build();
    const seen: string[] = [];
    tasks.register('careful', { maximumAttempts: 2 }, async ({ attempt, progress, saveProgress }) => {
      const step = Number(progress.step ?? 0);
      seen.push(`${step}.${attempt}`);
      if (attempt === 1) throw new Error('for now');
      await saveProgress({ step: step + 1 });
      return step < 1 ? { waitUntil: 0 } : { done: {} };
    });
    await tasks.start();
    const id = await transact(database.db, (tx) => tasks.enqueue(tx, task('careful')));
    await untilState(tasks, id, 'succeeded');
    expect(seen).toEqual(['0.1', '0.2', '1.1', '1.2']);
  });

  it('does not take its own running task for one that a dead process left', async () => {
    const tasks = build();
    let runs = 0;
    let release = () => {};
    tasks.register('late', {}, () => {
      runs += 1;
      return new Promise((resolve) => {
        release = () => resolve({ done: {} });
      });
    });
    tasks.register('other', {}, async () => ({ done: {} }));
    await tasks.start();
    const id = await transact(database.db, (tx) => tasks.enqueue(tx, task('late')));
    await untilState(tasks, id, 'running');
    // As after a long stop of the event loop: no heartbeat came in time.
    await database.db.updateTable('tasks').set({ lease_until: 1 }).where('id', '=', id).execute();
    const other = await transact(database.db, (tx) => tasks.enqueue(tx, task('other')));
    await untilState(tasks, other, 'succeeded');
    release();
    await untilState(tasks, id, 'succeeded');
    expect(runs).toBe(1);
  });

  it('runs once more when it is woken while it runs', async () => {
    const tasks = build();
    let runs = 0;
    tasks.register('busy', {}, async ({ id }) => {
      runs += 1;
      if (runs === 2) return { done: {} };
      await transact(database.db, (tx) => tasks.wake(tx, id));
      return { waitUntil: Date.now() + 600_000 };
    });
    await tasks.start();
    const id = await transact(database.db, (tx) => tasks.enqueue(tx, task('busy')));
    await untilState(tasks, id, 'succeeded');
    expect(runs).toBe(2);
  });

  it('aborts a running task on cancel and keeps it cancelled', async () => {
    const tasks = build();
    let aborted = false;
    tasks.register('long', {}, async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      aborted = true;
      signal.throwIfAborted();
      return { done: {} };
    });
    await tasks.start();
    const id = await transact(database.db, (tx) => tasks.enqueue(tx, task('long')));
    await untilState(tasks, id, 'running');
    expect(await transact(database.db, (tx) => tasks.cancel(tx, id))).toBe(true);
    await vi.waitFor(() => expect(aborted).toBe(true), { timeout: 20_000 });
    expect((await tasks.get(id)).state).toBe('cancelled');
    expect(await transact(database.db, (tx) => tasks.cancel(tx, id))).toBe(false);
  });

  it('leases nothing while paused, and goes on at resume', async () => {
    const tasks = build();
    tasks.register('held', {}, async () => ({ done: {} }));
    await tasks.start();
    await transact(database.db, (tx) => tasks.pause(tx, 'maintenance'));
    expect(await tasks.pauseReason()).toBe('maintenance');
    const id = await transact(database.db, (tx) => tasks.enqueue(tx, task('held')));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await tasks.get(id)).state).toBe('queued');
    await transact(database.db, (tx) => tasks.pause(tx, null));
    await untilState(tasks, id, 'succeeded');
  });

  it('gives every task to exactly one of two processes', async () => {
    const counts = new Map<string, number>();
    const both = [build(), build()];
    for (const tasks of both) {
      tasks.register('shared', { concurrency: 4 }, async ({ id }) => {
        counts.set(id, (counts.get(id) ?? 0) + 1);
        return { done: {} };
      });
      await tasks.start();
    }
    const first = both[0];
    if (!first) throw new Error('no tasks');
    const ids = await Promise.all(
      Array.from({ length: 40 }, () => transact(database.db, (tx) => first.enqueue(tx, task('shared')))),
    );
    for (const id of ids) await untilState(first, id, 'succeeded');
    expect([...counts.values()]).toEqual(ids.map(() => 1));
  });

  it('ends with what it is about, both or neither, and only by whoever holds the lease', async () => {
    const tasks = build();
    const seen: unknown[] = [];
    tasks.register('careful', { maximumAttempts: 2 }, async ({ id, attempt, settle }) => {
      const end = (work: (tx: Db) => Promise<void>) => transact(database.db, work).catch((error) => error);
      if (attempt === 1) {
        // What it is about could not be ended: neither is the task.
        const undone = await end(async (tx) => {
          await settle(tx, { done: { attempt } });
          throw new Error('undone');
        });
        seen.push(undone.message, (await tasks.get(id)).state);
        throw new Error('again');
      }
      await end((tx) => settle(tx, { failed: 'in words' }));
      seen.push((await tasks.get(id)).state);
      return { done: {} };
    });
    tasks.register('taken', {}, async ({ id, signal, settle }) => {
      await database.db.updateTable('tasks').set({ lease_owner: 'other' }).where('id', '=', id).execute();
      const refused = await transact(database.db, (tx) => settle(tx, { done: {} })).catch((error) => error);
      seen.push(refused.message, signal.aborted);
      return { done: {} };
    });
    await tasks.start();
    const id = await transact(database.db, (tx) => tasks.enqueue(tx, task('careful')));
    await untilState(tasks, id, 'failed');
    await vi.waitUntil(() => seen.length === 3, { timeout: 20_000 });
    expect(seen).toEqual(['undone', 'running', 'failed']);
    expect(await tasks.get(id)).toMatchObject({ error: 'in words', attempt: 2, result: null });
    const taken = await transact(database.db, (tx) => tasks.enqueue(tx, task('taken')));
    await vi.waitUntil(() => seen.length === 5, { timeout: 20_000 });
    expect(seen.slice(3)).toEqual([expect.stringContaining('leased by another'), true]);
    expect((await tasks.get(taken)).state).toBe('running');
  });

  it.each(['fails', 'does not answer'])('ends an attempt in time when the database %s', async (how) => {
    const { db } = database;
    const updates = { broken: false };
    const failing = new Proxy(db, {
      get(target, name) {
        const found: unknown = Reflect.get(target, name);
        if (name !== 'updateTable' || !updates.broken)
          return typeof found === 'function' ? found.bind(target) : found;
        if (how === 'fails') throw new Error('connection refused');
        const never: unknown = new Proxy(() => never, {
          get: (_target, key) => (key === 'executeTakeFirst' ? () => new Promise(() => {}) : never),
        });
        return never;
      },
    });
    const leaseMs = 2_000;
    const tasks = createTasks({ db: failing, clock: systemClock, logger, exclusive: false, leaseMs });
    started.push(tasks);
    let abortedAfter = 0;
    tasks.register('cut off', {}, async ({ signal }) => {
      updates.broken = true;
      const begun = Date.now();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      abortedAfter = Date.now() - begun;
      throw new Error('aborted');
    });
    await tasks.start();
    await transact(db, (tx) => tasks.enqueue(tx, task('cut off')));
    await vi.waitUntil(() => abortedAfter > 0, { timeout: 20_000 });
    expect(abortedAfter).toBeLessThan(leaseMs);
    updates.broken = false;
  });

  it('takes over what a dead process left, after its lease', async () => {
    const dead = build();
    const alive = build();
    let release = () => {};
    dead.register(
      'orphan',
      { leaseMs: 300 },
      () =>
        new Promise((resolve) => {
          release = () => resolve({ done: { by: 'dead' } });
        }),
    );
    await dead.start();
    const id = await transact(database.db, (tx) => dead.enqueue(tx, task('orphan')));
    await untilState(dead, id, 'running');
    // The dead process renews nothing: its lease is moved into the past by hand.
    await database.db
      .updateTable('tasks')
      .set({ lease_until: 1, lease_owner: 'gone' })
      .where('id', '=', id)
      .execute();
    alive.register('orphan', { leaseMs: 300 }, async ({ attempt }) => ({ done: { by: 'alive', attempt } }));
    await alive.start();
    await untilState(alive, id, 'succeeded');
    release();
    expect((await alive.get(id)).result).toEqual({ by: 'alive', attempt: 2 });
  });
});
