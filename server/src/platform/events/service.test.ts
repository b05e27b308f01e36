import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type DatabaseHandle, transact } from '../../adapters/db/db.ts';
import { systemClock } from '../../base/clock.ts';
import { createLogger } from '../../base/logger.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createEvents, type Events } from './service.ts';

const logger = createLogger('silent');

describeEachDatabase('events', (open) => {
  let database: DatabaseHandle;
  const started: Events[] = [];

  beforeAll(async () => {
    database = await open();
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((events) => events.stop()));
  });

  const build = () => {
    const events = createEvents({ db: database.db, clock: systemClock, logger });
    started.push(events);
    return events;
  };
  const event = (n: number, kind = 'test.happened') => ({
    workspace: 'default',
    kind,
    subject: `run:${n}`,
    actor: 'user:owner',
    payload: { n },
  });
  const emit = (events: Events, n: number, kind?: string) =>
    transact(database.db, (tx) => events.emit(tx, event(n, kind)));

  it('tells listeners and subscribers in order, only of the kinds they asked for', async () => {
    const events = build();
    const heard: unknown[] = [];
    const live: unknown[] = [];
    events.on('order', ['test.happened'], async ({ payload }) => void heard.push(payload.n));
    events.subscribe(({ payload }) => live.push(payload.n));
    await events.start();
    for (let n = 0; n < 20; n++) await emit(events, n, n % 2 ? 'test.other' : undefined);
    await vi.waitFor(() => expect(heard).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]), { timeout: 20_000 });
    await vi.waitFor(() => expect(live).toEqual(Array.from({ length: 20 }, (_, n) => n)), {
      timeout: 20_000,
    });
  });

  it('tells nothing of a change that was rolled back', async () => {
    const events = build();
    const heard: unknown[] = [];
    events.on('rollback', ['test.rollback'], async ({ payload }) => void heard.push(payload.n));
    await events.start();
    const failing = transact(database.db, async (tx) => {
      await events.emit(tx, event(1, 'test.rollback'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await emit(events, 2, 'test.rollback');
    await vi.waitFor(() => expect(heard).toEqual([2]), { timeout: 20_000 });
  });

  it('tells again what a listener failed on, and goes on after a restart where it stopped', async () => {
    const first = build();
    const heard: unknown[] = [];
    let failures = 1;
    first.on('durable', ['test.durable'], async ({ payload }) => {
      if (failures-- > 0) throw new Error('not now');
      heard.push(payload.n);
    });
    await first.start();
    await emit(first, 1, 'test.durable');
    await vi.waitFor(() => expect(heard).toEqual([1]), { timeout: 20_000 });
    await first.stop();
    await emit(first, 2, 'test.durable');
    const second = build();
    second.on('durable', ['test.durable'], async ({ payload }) => void heard.push(payload.n));
    await second.start();
    await vi.waitFor(() => expect(heard).toEqual([1, 2]), { timeout: 20_000 });
  });
});
