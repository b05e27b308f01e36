import type { Events, StoredEvent } from '../../platform/events/service.ts';

const pageSize = 500;
const heartbeatMs = 15_000;
/** A reader slower than this many events is ended; it comes back with Last-Event-ID and misses nothing. */
const maximumBacklog = 10_000;

const encoder = new TextEncoder();

/** Yields server-sent events from `after` (default: from now on) until the signal fires. */
export async function* eventStream(
  events: Events,
  after: number | undefined,
  isWanted: (event: StoredEvent) => boolean,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const queue: StoredEvent[] = [];
  let wake = () => {};
  const unsubscribe = events.subscribe((event) => {
    queue.push(event);
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    yield encoder.encode(': connected\n\n');
    let last = after ?? (await events.lastId());
    for (let missed = await events.listAfter(last, pageSize); missed.length > 0; ) {
      yield* frames(missed.filter(isWanted));
      last = missed.at(-1)?.id ?? last;
      missed = await events.listAfter(last, pageSize);
    }
    while (!signal.aborted && queue.length < maximumBacklog) {
      const batch = queue.splice(0).filter((event) => event.id > last);
      last = batch.at(-1)?.id ?? last;
      yield* frames(batch.filter(isWanted));
      if (queue.length === 0 && !signal.aborted) {
        const woken = await waitForWake((resolve) => {
          wake = resolve;
        });
        if (!woken) yield encoder.encode(': still here\n\n');
      }
    }
  } finally {
    unsubscribe();
  }
}

function* frames(events: readonly StoredEvent[]): Generator<Uint8Array> {
  if (events.length === 0) return;
  const text = events.map(
    ({ workspace: _workspace, ...event }) => `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`,
  );
  yield encoder.encode(text.join(''));
}

/** False when nothing came before the heartbeat was due. */
function waitForWake(arm: (resolve: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), heartbeatMs);
    arm(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
