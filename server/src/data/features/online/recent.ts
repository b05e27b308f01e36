/** Answers kept for a moment: a look-up asks for the same definitions thousands of times a second. */
export interface Recent<T> {
  get(key: string, find: () => Promise<T>): Promise<T>;
  clear(): void;
}

/** At most `room` answers, each for `ms`; failures are not kept. */
export function createRecent<T>(ms: number, room: number): Recent<T> {
  const kept = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();
  return {
    get(key, find) {
      const found = kept.get(key);
      const now = performance.now();
      if (found && now < found.until) return found.answer;
      const answer = find();
      kept.delete(key);
      kept.set(key, { until: now + ms, answer });
      const oldest = kept.keys().next().value;
      if (kept.size > room && oldest !== undefined) kept.delete(oldest);
      answer.catch(() => kept.delete(key));
      return answer;
    },
    clear: () => kept.clear(),
  };
}
