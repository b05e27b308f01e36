/** Safari's streams cannot be iterated yet, and the SDK reads downloads and events that way. */
export function ensureStreamIteration(): void {
  if (Symbol.asyncIterator in ReadableStream.prototype) return;
  Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
    value: async function* iterate(this: ReadableStream<unknown>) {
      const reader = this.getReader();
      try {
        for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
      } finally {
        reader.releaseLock();
      }
    },
  });
}
