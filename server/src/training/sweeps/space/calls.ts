/** Wakes whoever drives a sweep as soon as something happened to one of its jobs. */
export function createCalls() {
  /** So long until it is looked again without being called. */
  const pauseMs = 500;
  const waiting = new Map<string, () => void>();

  return {
    call: (id: string) => waiting.get(id)?.(),

    /** Ask for it before looking, so that no call is lost meanwhile. */
    next(id: string): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(id, resolve);
      return promise;
    },

    /** Until called, aborted, or a moment has passed. */
    async pause(called: Promise<void>, signal: AbortSignal): Promise<void> {
      const passed = Promise.withResolvers<void>();
      const timer = setTimeout(passed.resolve, pauseMs);
      signal.addEventListener('abort', () => passed.resolve(), { once: true });
      await Promise.race([called, passed.promise]);
      clearTimeout(timer);
    },
  };
}
