import type { Content } from '@tidemill/contract';

type Body = NonNullable<RequestInit['body']>;

/** A request's body, and why its own reading failed if it did: fetch alone would call that a lost connection. */
export function openUpload(content: Content): {
  readonly body: Body;
  failure(): { readonly reason: unknown } | undefined;
} {
  if (content instanceof Uint8Array) return { body: content as Body, failure: () => undefined };
  let failure: { readonly reason: unknown } | undefined;
  async function* read(parts: AsyncIterable<Uint8Array>) {
    try {
      yield* parts;
    } catch (reason) {
      failure = { reason };
      throw reason;
    }
  }
  return { body: streamOf(read(content)), failure: () => failure };
}

// The browser's types do not know `from` yet, Node's do.
const streamOf = (content: AsyncIterable<Uint8Array>): ReadableStream =>
  (ReadableStream as unknown as { from(content: AsyncIterable<Uint8Array>): ReadableStream }).from(content);
