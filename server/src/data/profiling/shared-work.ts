import { errors } from '../../base/errors.ts';

interface Running<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

export interface SharedWork<T> {
  /** The result of the work that runs under this key, or of `start`, which must heed its signal. */
  share(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Work that several may wait for: done once, `atOnce` pieces at a time, given up when nobody waits any more. */
export function sharedWork<T>(atOnce: number): SharedWork<T> {
  const running = new Map<string, Running<T>>();
  const queue: (() => void)[] = [];
  let busy = 0;

  async function inTurn(signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (busy >= atOnce) await new Promise<void>((resolve) => queue.push(resolve));
    else busy += 1;
    try {
      if (signal.aborted) throw left();
      return await start(signal);
    } finally {
      const next = queue.shift();
      if (next) next();
      else busy -= 1;
    }
  }

  function begin(key: string, start: (signal: AbortSignal) => Promise<T>): Running<T> {
    const controller = new AbortController();
    const result = inTurn(controller.signal, start).finally(() => {
      if (running.get(key) === started) running.delete(key);
    });
    const started: Running<T> = { result, controller, waiting: 0 };
    // Whoever waits hears of a failure; when all have left, nobody needs to.
    result.catch(() => undefined);
    running.set(key, started);
    return started;
  }

  return {
    async share(key, signal, start) {
      if (signal.aborted) throw left();
      const found = running.get(key) ?? begin(key, start);
      found.waiting += 1;
      const { promise, reject } = Promise.withResolvers<never>();
      const leave = () => {
        reject(left());
        found.waiting -= 1;
        if (found.waiting > 0) return;
        // The next to ask starts anew instead of joining what is being given up.
        if (running.get(key) === found) running.delete(key);
        found.controller.abort(new Error('nobody waits for it any more'));
      };
      signal.addEventListener('abort', leave, { once: true });
      try {
        return await Promise.race([found.result, promise]);
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
  };
}

const left = () => errors.queryCancelled({ reason: 'the caller left' });
