import { AsyncLocalStorage } from 'node:async_hooks';
import type { Db } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
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
  savedAt: number;
  retryAt: number;
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
      await tellSubscribers();
      for (const listener of listeners) await advance(listener);
    } while (wanted && !stopped);
  }

  async function tellSubscribers(): Promise<void> {
    for (;;) {
      const events = await store.listAfter(seen, batchSize);
      for (const event of events) for (const tell of subscribers) tell(event);
      seen = events.at(-1)?.id ?? seen;
      if (events.length < batchSize) return;
    }
  }

  async function advance(listener: Listener): Promise<void> {
    while (listener.cursor < seen && clock.now() >= listener.retryAt && !stopped) {
      const events = await store.listAfter(listener.cursor, batchSize);
      for (const event of events) {
        if (listener.kinds.has(event.kind) && !(await deliver(listener, event))) return;
        listener.cursor = event.id;
      }
      if (events.length === 0) return;
    }
  }

  async function deliver(listener: Listener, event: StoredEvent): Promise<boolean> {
    try {
      await listener.handle(event);
      await store.saveCursor(listener.name, event.id, clock.now());
      listener.savedAt = event.id;
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
      listeners.push({ name, kinds: new Set(kinds), handle, cursor: 0, savedAt: 0, retryAt: 0 });
    },

    /** Live events from now on, not durable; the reply ends the subscription. */
    subscribe(tell: Subscriber): () => void {
      subscribers.add(tell);
      return () => subscribers.delete(tell);
    },

    listAfter: (id: number, limit: number) => store.listAfter(id, limit),
    lastId: () => store.lastId(),

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
    },
  };
}

export type Events = ReturnType<typeof createEvents>;
