import type { Session } from './session.ts';

const pauseMs = 300;
/** Of a program that Ctrl-C ended. */
export const interruptedCode = 130;

const endStates: readonly string[] = ['succeeded', 'failed', 'cancelled'];
export const isEnded = (item: { readonly state: string }): boolean => endStates.includes(item.state);

const mostAsksForModel = 20;

/** Ended, and registered too where that was asked for: the registry follows the end a moment later. */
export function isSettled(): (item: {
  readonly state: string;
  readonly modelVersion: string | null;
  readonly wantsModel: boolean;
}) => boolean {
  let asked = 0;
  return ({ state, modelVersion, wantsModel }) => {
    if (!isEnded({ state })) return false;
    return state !== 'succeeded' || !wantsModel || modelVersion !== null || ++asked > mostAsksForModel;
  };
}

/** A signal that Ctrl-C fires once; a second Ctrl-C ends the program as ever. */
export function onInterrupt(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once('SIGINT', abort);
  return { signal: controller.signal, release: () => process.removeListener('SIGINT', abort) };
}

interface Watch<T> {
  readonly ask: (signal: AbortSignal) => Promise<T>;
  readonly isDone: (value: T) => boolean;
  /** Lines that describe the value so far; those not yet told are said. */
  readonly lines: (value: T) => readonly string[];
  /** Said on Ctrl-C: the work goes on without us. */
  readonly whenLeft: string;
}

/** Asks until it is done, saying what is new; null when the reader left by Ctrl-C. */
export async function watch<T>(session: Session, options: Watch<T>): Promise<T | null> {
  const { signal, release } = onInterrupt();
  const told = new Set<string>();
  try {
    for (;;) {
      const value = await options.ask(signal);
      for (const line of options.lines(value)) {
        if (!told.has(line)) session.say(line);
        told.add(line);
      }
      if (options.isDone(value)) return value;
      await pause(pauseMs, signal);
      signal.throwIfAborted();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    session.say(options.whenLeft);
    process.exitCode = interruptedCode;
    return null;
  } finally {
    release();
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
