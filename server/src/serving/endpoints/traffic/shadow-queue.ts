/** Work that no reply waits for: done in turn after the replies, and left out rather than piled up. */
export interface ShadowQueue {
  /** False when there is no room: the work is dropped and counted. */
  add(work: () => Promise<void>): boolean;
  dropped(): number;
  /** Resolves when nothing is waiting or running. */
  settled(): Promise<void>;
}

export function createShadowQueue(options: {
  readonly room: number;
  readonly concurrency: number;
  readonly onFailed: (error: unknown) => void;
}): ShadowQueue {
  const waiting: (() => Promise<void>)[] = [];
  let idle: (() => void)[] = [];
  let running = 0;
  let dropped = 0;

  function begin(): void {
    while (running < options.concurrency) {
      const work = waiting.shift();
      if (!work) break;
      running++;
      work()
        .catch(options.onFailed)
        .finally(() => {
          running--;
          begin();
        });
    }
    if (running > 0 || waiting.length > 0) return;
    for (const resolve of idle) resolve();
    idle = [];
  }

  return {
    add(work) {
      if (waiting.length >= options.room) {
        dropped++;
        return false;
      }
      waiting.push(work);
      // After the reply was handed on, not before.
      if (waiting.length === 1) setImmediate(begin);
      return true;
    },
    dropped: () => dropped,
    settled: () =>
      running === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => idle.push(resolve)),
  };
}
