/** Counts per subject, told at most once per interval: telemetry is counted, not narrated. */
export interface Coalescer {
  add(subject: string, count: number): void;
  /** Tells what is left. */
  close(): Promise<void>;
}

export function createCoalescer(options: {
  readonly intervalMs: number;
  readonly tell: (subject: string, count: number) => Promise<void>;
  readonly onFailed: (error: unknown, subject: string) => void;
}): Coalescer {
  const counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let telling: Promise<void> | undefined;
  let toldAt = 0;

  async function tellAll(): Promise<void> {
    const due = [...counts];
    counts.clear();
    for (const [subject, count] of due) {
      try {
        await options.tell(subject, count);
      } catch (error) {
        options.onFailed(error, subject);
      }
    }
  }

  function begin(): Promise<void> {
    timer = undefined;
    toldAt = performance.now();
    telling = tellAll().finally(() => {
      telling = undefined;
      schedule();
    });
    return telling;
  }

  function schedule(): void {
    if (timer || telling || counts.size === 0) return;
    timer = setTimeout(begin, Math.max(0, toldAt + options.intervalMs - performance.now()));
  }

  return {
    add(subject, count) {
      counts.set(subject, (counts.get(subject) ?? 0) + count);
      schedule();
    },
    async close() {
      clearTimeout(timer);
      await telling;
      clearTimeout(timer);
      await tellAll();
    },
  };
}
