import type { Event } from '@tidemill/contract';
import { TidemillClientError } from './client.ts';
import { type EventSourceOptions, readEvents } from './event-source.ts';

export interface FollowOptions extends EventSourceOptions {
  /** Id of the last event already seen; default: only what happens from now on. */
  readonly after?: number;
  readonly kinds?: readonly string[];
}

const reconnectMs = 500;

/**
 * Yields the server's events as they are committed, reconnecting where it left off.
 *
 * @example
 * for await (const event of follow({ kinds: ['alert.opened'] })) console.log(event.subject);
 */
export async function* follow(options: FollowOptions = {}): AsyncGenerator<Event> {
  let after = options.after;
  while (!options.signal?.aborted) {
    try {
      for await (const event of readOnce(options, after)) {
        after = event.id;
        yield event;
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      if (error instanceof TidemillClientError) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectMs));
  }
}

function readOnce(options: FollowOptions, after: number | undefined): AsyncGenerator<Event> {
  const query = new URLSearchParams();
  if (after !== undefined) query.set('after', String(after));
  if (options.kinds) query.set('kinds', options.kinds.join(','));
  return readEvents<Event>(options, `/api/v1/events?${query}`);
}
