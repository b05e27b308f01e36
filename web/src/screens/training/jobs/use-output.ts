import { useEffect, useState } from 'react';
import { client } from '../../../lib/client.ts';
import { appendToTail, fromLine, longestTail, noOutput, type Tail } from './output-tail.ts';

export type OutputStream = 'stdout' | 'stderr';

const pauseMs = 1000;

interface Output {
  /** Null until the first answer. */
  readonly tail: Tail | null;
  readonly error: Error | null;
}

/** The end of what a command writes, followed by its offset until it ends. */
export function useOutput(id: string, stream: OutputStream, isOver: boolean): Output {
  const [output, setOutput] = useState<Output>({ tail: null, error: null });
  useEffect(() => {
    const stop = new AbortController();
    void follow({ id, stream, isOver, signal: stop.signal, show: setOutput });
    return () => stop.abort();
  }, [id, stream, isOver]);
  return output;
}

interface Followed {
  readonly id: string;
  readonly stream: OutputStream;
  readonly isOver: boolean;
  readonly signal: AbortSignal;
  show(change: (before: Output) => Output): void;
}

async function follow({ id, stream, isOver, signal, show }: Followed): Promise<void> {
  const decoder = new TextDecoder();
  let seen: number | null = null;
  let tail = noOutput;
  for (;;) {
    try {
      if (seen === null) {
        seen = Math.max(0, (await sizeOf(id, stream, signal)) - longestTail);
        tail = { text: '', isCut: seen > 0 };
      }
      let more = '';
      const { content } = await client().jobs.logs({ id, stream, offset: seen }, { signal });
      for await (const bytes of content) {
        seen += bytes.length;
        more += decoder.decode(bytes, { stream: true });
      }
      // Begun in the middle: of a line, or even of a letter.
      tail = appendToTail(tail, tail.isCut && tail.text === '' ? fromLine(more) : more);
      const shown = tail;
      if (!signal.aborted)
        show((before) =>
          before.tail?.text === shown.text && !before.error ? before : { tail: shown, error: null },
        );
    } catch (cause) {
      if (signal.aborted) return;
      const error = cause instanceof Error ? cause : new Error(String(cause));
      show((before) => ({ ...before, error }));
    }
    if (isOver || signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (signal.aborted) return;
  }
}

/** Bytes written so far; nothing of them is fetched. */
async function sizeOf(id: string, stream: OutputStream, signal: AbortSignal): Promise<number> {
  const whole = new AbortController();
  const { size = 0 } = await client().jobs.logs(
    { id, stream },
    { signal: AbortSignal.any([signal, whole.signal]) },
  );
  whole.abort();
  return size;
}
