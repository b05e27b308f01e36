/**
 * One check at a time per endpoint. Events that come while one runs ask for one more; checks take at most a small
 * share of the time, however many events come.
 */
export function createCheckSchedule(options: {
  readonly check: (workspace: string, endpoint: string) => Promise<void>;
  readonly onFailed: (error: unknown, endpoint: string) => void;
  /** Between the starts of two checks of one endpoint; 100. */
  readonly intervalMs?: number;
}) {
  const { check, onFailed, intervalMs = 100 } = options;
  const endpoints = new Map<string, Line>();
  let stopped = false;

  interface Line {
    last: Promise<void>;
    /** Asked for, not begun. */
    wanted: boolean;
    timer: NodeJS.Timeout | undefined;
    nextAt: number;
  }

  function lineOf(workspace: string, endpoint: string): Line {
    const key = `${workspace}/${endpoint}`;
    const line = endpoints.get(key) ?? {
      last: Promise.resolve(),
      wanted: false,
      timer: undefined,
      nextAt: 0,
    };
    endpoints.set(key, line);
    return line;
  }

  async function checkNow(line: Line, workspace: string, endpoint: string): Promise<void> {
    line.wanted = false;
    line.timer = undefined;
    if (stopped) return;
    const began = performance.now();
    await check(workspace, endpoint).catch((error) => onFailed(error, endpoint));
    const took = performance.now() - began;
    line.nextAt = began + Math.max(intervalMs, shareOfTime * took);
  }

  function ask(workspace: string, endpoint: string): void {
    const line = lineOf(workspace, endpoint);
    if (line.wanted || stopped) return;
    line.wanted = true;
    line.last = line.last.then(
      () =>
        new Promise((resolve) => {
          const wait = Math.max(0, line.nextAt - performance.now());
          line.timer = setTimeout(() => void checkNow(line, workspace, endpoint).then(resolve), wait);
        }),
    );
  }

  return {
    ask,

    /** Runs in the line of this endpoint's checks, at once when none is running. */
    async inLine<T>(workspace: string, endpoint: string, work: () => Promise<T>): Promise<T> {
      const line = lineOf(workspace, endpoint);
      const turn = line.last.then(work);
      line.last = turn.then(
        () => {},
        () => {},
      );
      return turn;
    },

    /** Resolves when nothing asked for is left to do. */
    async settled(): Promise<void> {
      for (;;) {
        const lines = [...endpoints.values()].map((line) => line.last);
        await Promise.all(lines);
        if ([...endpoints.values()].every((line, index) => line.last === lines[index])) return;
      }
    },

    /** What waits is dropped: the next start looks at every endpoint. */
    async stop(): Promise<void> {
      stopped = true;
      await this.settled();
    },
  };
}

/** A check that takes 20 ms is followed by the next after 100. */
const shareOfTime = 5;
