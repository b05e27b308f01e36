import type { Event } from '@tidemill/contract';
import { baseOf, type ClientOptions, TidemillClientError, toError } from './client.ts';

export interface FollowOptions extends ClientOptions {
  /** Id of the last event already seen; default: only what happens from now on. */
  readonly after?: number;
  readonly kinds?: readonly string[];
  readonly signal?: AbortSignal;
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

async function* readOnce(options: FollowOptions, after: number | undefined): AsyncGenerator<Event> {
  const query = new URLSearchParams();
  if (after !== undefined) query.set('after', String(after));
  if (options.kinds) query.set('kinds', options.kinds.join(','));
  const response = await (options.fetch ?? fetch)(`${baseOf(options)}/api/v1/events?${query}`, {
    headers: options.token ? { authorization: `Bearer ${options.token}` } : {},
    ...(options.signal && { signal: options.signal }),
  });
  if (!response.ok || !response.body) throw await toError(response);
  const body = response.body as unknown as AsyncIterable<Uint8Array>;
  yield* parseEvents(body);
}

/** Server-sent events: blocks parted by an empty line, `data:` holds our JSON, `:` lines are heartbeats. */
async function* parseEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block.split('\n').find((line) => line.startsWith('data: '));
      if (data) yield JSON.parse(data.slice(6)) as Event;
    }
  }
}
