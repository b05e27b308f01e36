import { baseOf, type ClientOptions, toError } from './client.ts';

export interface EventSourceOptions extends ClientOptions {
  readonly signal?: AbortSignal;
}

/** One connection's server-sent events. @throws TidemillClientError when the server refuses */
export async function* readEvents<T>(options: EventSourceOptions, path: string): AsyncGenerator<T> {
  const response = await (options.fetch ?? fetch)(`${baseOf(options)}${path}`, {
    headers: options.token ? { authorization: `Bearer ${options.token}` } : {},
    ...(options.signal && { signal: options.signal }),
  });
  if (!response.ok || !response.body) throw await toError(response);
  yield* parseEvents<T>(response.body as unknown as AsyncIterable<Uint8Array>);
}

/** Server-sent events: blocks parted by an empty line, `data:` holds our JSON, `:` lines are heartbeats. */
async function* parseEvents<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block.split('\n').find((line) => line.startsWith('data: '));
      if (data) yield JSON.parse(data.slice(6)) as T;
    }
  }
}
