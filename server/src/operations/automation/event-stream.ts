import { toBytes, toComment, toFrame, waitForWake } from '../../base/server-sent-events.ts';
import type { Events, StoredEvent } from '../../platform/events/service.ts';

const pageSize = 500;
/** A reader slower than this many events is ended; it comes back with Last-Event-ID and misses nothing. */
const maximumBacklog = 10_000;

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
    yield toComment('connected');
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
        if (!woken) yield toComment('still here');
      }
    }
  } finally {
    unsubscribe();
  }
}

function* frames(events: readonly StoredEvent[]): Generator<Uint8Array> {
  if (events.length === 0) return;
  yield toBytes(events.map(({ workspace: _workspace, ...event }) => toFrame(event, event.id)));
}
