import { AsyncLocalStorage } from 'node:async_hooks';
import type { Db } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Family } from '../../base/metrics/metrics.ts';
import { eventStore, type NewEvent, type StoredEvent } from './store.ts';

export type { StoredEvent } from './store.ts';

export interface EventsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Listener {
  readonly name: string;
  readonly kinds: ReadonlySet<string>;
  readonly handle: (event: StoredEvent) => Promise<void>;
  cursor: number;
  retryAt: number;
}

/** Events read after `from`. */
interface Batch {
  readonly from: number;
  readonly events: readonly StoredEvent[];
}

type Subscriber = (event: StoredEvent) => void;

const batchSize = 500;
/** Another replica's events are found by looking; our own wake the reader at once. */
const idlePollMs = 250;
const retryMs = 1000;

/**
 * The outbox: events are rows of the change's own transaction, so what was committed is told and nothing else.
 * Listeners see each event at least once and in order, also after a crash: their cursor is a row too.
 */
export function createEvents({ db, clock, logger }: EventsDependencies) {
  const store = eventStore(db);
  // Wakes come from inside transactions; what they start must not count as part of one.
  const outside = AsyncLocalStorage.snapshot();
  const listeners: Listener[] = [];
  const subscribers = new Set<Subscriber>();
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<void> | undefined;
  let wanted = false;
  let stopped = true;
  let seen = 0;

  async function read(): Promise<void> {
    do {
      wanted = false;
      const from = seen;
      const fresh = await store.listAfter(from, batchSize);
      for (const event of fresh) for (const tell of subscribers) tell(event);
      seen = fresh.at(-1)?.id ?? from;
      for (const listener of listeners) await advance(listener, { from, events: fresh });
      if (fresh.length === batchSize) wanted = true;
    } while (wanted && !stopped);
  }

  /** Whoever has kept up takes the events just read; whoever has not reads its own. */
  async function advance(listener: Listener, fresh: Batch): Promise<void> {
    if (listener.cursor === fresh.from) return deliverAll(listener, fresh.events);
    while (listener.cursor < seen && clock.now() >= listener.retryAt && !stopped) {
      const before = listener.cursor;
      await deliverAll(listener, await store.listAfter(before, batchSize));
      if (listener.cursor === before) return;
    }
  }

  async function deliverAll(listener: Listener, events: readonly StoredEvent[]): Promise<void> {
    let heard = 0;
    for (const event of events) {
      if (listener.kinds.has(event.kind)) {
        if (!(await deliver(listener, event))) break;
        heard += 1;
      }
      listener.cursor = event.id;
    }
    // Not after each event: after a crash those of this batch are told again, which listeners must bear anyway.
    if (heard > 0) await store.saveCursor(listener.name, listener.cursor, clock.now());
  }

  async function deliver(listener: Listener, event: StoredEvent): Promise<boolean> {
    try {
      await listener.handle(event);
      return true;
    } catch (error) {
      logger.error(
        { err: error, listener: listener.name, event: event.id },
        'listener failed; the event is told again',
      );
      listener.retryAt = clock.now() + retryMs;
      return false;
    }
  }

  function wake(): void {
    wanted = true;
    if (stopped || reading) return;
    clearTimeout(timer);
    reading = read()
      .catch((error) => logger.error({ err: error }, 'reading the outbox failed'))
      .finally(() => {
        reading = undefined;
        if (wanted) wake();
        else if (!stopped) timer = setTimeout(wake, idlePollMs);
      });
  }

  return {
    /** Writes events in the change's own transaction; call it last, as PostgreSQL then holds the outbox lock. */
    async emit(tx: Db, ...events: Omit<NewEvent, 'createdAt'>[]): Promise<void> {
      await eventStore(tx).append(events.map((event) => ({ ...event, createdAt: clock.now() })));
      // The commit follows within this turn or the next ones; an early look costs one empty query.
      outside(() => setTimeout(wake, 2));
    },

    /** Registers a durable listener; its handler must be idempotent and quick (long work is a task). */
    on(name: string, kinds: readonly string[], handle: (event: StoredEvent) => Promise<void>): void {
      listeners.push({ name, kinds: new Set(kinds), handle, cursor: 0, retryAt: 0 });
    },

    /** Live events from now on, not durable; the reply ends the subscription. */
    subscribe(tell: Subscriber): () => void {
      subscribers.add(tell);
      return () => subscribers.delete(tell);
    },

    listAfter: (id: number, limit: number) => store.listAfter(id, limit),
    lastId: () => store.lastId(),

    /** What Prometheus reads of the outbox. */
    metrics: (): Family[] => [
      {
        name: 'tidemill_outbox_lag_events',
        help: 'Events that a listener has not heard yet',
        type: 'gauge',
        async collect() {
          const last = await store.lastId();
          return listeners.map(({ name, cursor }) => ({
            labels: { listener: name },
            value: Math.max(0, last - cursor),
          }));
        },
      },
      {
        name: 'tidemill_event_streams',
        help: 'Open streams of events: browsers and clients that listen',
        type: 'gauge',
        collect: () => [{ value: subscribers.size }],
      },
    ],

    async start(): Promise<void> {
      stopped = false;
      seen = await store.lastId();
      for (const listener of listeners) listener.cursor = (await store.findCursor(listener.name)) ?? 0;
      wake();
    },

    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await reading;
      // Also what nobody wanted to hear, so that the next start does not read it again.
      for (const { name, cursor } of listeners) await store.saveCursor(name, cursor, clock.now());
    },
  };
}

export type Events = ReturnType<typeof createEvents>;
