import { setTimeout } from 'node:timers/promises';
import type { SourceLimits } from './sources.ts';

/** What is there now is not what was begun: only a new beginning gives a whole. */
export class ContentChanged extends Error {
  constructor() {
    super('it changed again and again while it was read');
  }
}

export interface Resuming extends Pick<SourceLimits, 'resumes' | 'resumeDelayMs'> {
  /** The same content from a byte on, or `ContentChanged`; null where the place cannot tell whether it is the same. */
  readonly again: ((from: number) => Promise<AsyncIterable<Uint8Array>>) | null;
  /** Failures that another try would only meet again. */
  isFinal(error: unknown): boolean;
  readonly signal: AbortSignal;
}

const longestDelayMs = 30_000;

/** Content that goes on where a broken connection left it: after a pause that doubles while nothing comes, so many times in all. */
export async function* resumed(
  first: AsyncIterable<Uint8Array>,
  { again, isFinal, signal, resumes, resumeDelayMs }: Resuming,
): AsyncGenerator<Uint8Array> {
  let parts = first[Symbol.asyncIterator]();
  let at = 0;
  let broken = 0;
  let inVain = 0;
  async function goOn(error: unknown): Promise<AsyncIterator<Uint8Array>> {
    const isOver = signal.aborted || broken >= resumes || error instanceof ContentChanged || isFinal(error);
    if (again === null || isOver) throw error;
    await setTimeout(Math.min(longestDelayMs, resumeDelayMs * 2 ** inVain), undefined, { signal });
    broken += 1;
    inVain += 1;
    try {
      return (await again(at))[Symbol.asyncIterator]();
    } catch (next) {
      return goOn(next);
    }
  }
  try {
    for (;;) {
      // The reader's own failures arrive at the yield, and are none of the connection's.
      const next = await parts.next().catch((error: unknown) => ({ error }));
      if ('error' in next) parts = await goOn(next.error);
      else if (next.done) return;
      else {
        at += next.value.byteLength;
        inVain = 0;
        yield next.value;
      }
    }
  } finally {
    await parts.return?.();
  }
}

/** Begins anew where the content changed meanwhile, so many times. */
export async function restarted<T>(restarts: number, read: () => Promise<T>): Promise<T> {
  for (let begun = 0; ; begun += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ContentChanged) || begun >= restarts) throw error;
    }
  }
}
