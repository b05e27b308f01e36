/** Remembers what was computed, the most recently used first to stay; two who ask at once share one computation. */
export function createKept<V>(capacity: number, sizeOf: (value: V) => number) {
  const kept = new Map<string, { value: Promise<V>; size: number }>();
  let total = 0;

  function shrink(): void {
    for (const [key, entry] of kept) {
      if (total <= capacity || kept.size === 1) return;
      kept.delete(key);
      total -= entry.size;
    }
  }

  return {
    get(key: string, compute: () => Promise<V>): Promise<V> {
      const found = kept.get(key);
      if (found) {
        kept.delete(key);
        kept.set(key, found);
        return found.value;
      }
      const entry = { value: compute(), size: 0 };
      kept.set(key, entry);
      entry.value.then(
        (value) => {
          if (kept.get(key) !== entry) return;
          entry.size = sizeOf(value);
          total += entry.size;
          shrink();
        },
        () => kept.delete(key),
      );
      return entry.value;
    },
  };
}
