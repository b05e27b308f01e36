import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Run, type RunUpdate, watchRun } from '@tidemill/sdk';
import { useEffect, useRef, useState } from 'react';
import { ask, getToken } from '../../../lib/client.ts';
import { applyUpdate } from './live-run.ts';

/** Curves follow this often; the latest values as they come. */
const curvesMs = 1000;
/** The stream brings no parameters. */
const allMs = 10_000;

/** A run, and while it runs what is new in it a few times a second. */
export function useLiveRun(id: string) {
  const queries = useQueryClient();
  const [isLive, setLive] = useState(false);
  const asked = ask('experiments', 'getRun', { id });
  const run = useQuery({
    ...asked,
    // The stream is newer than any event that says to ask again.
    ...(isLive && { staleTime: 'static' as const, refetchInterval: allMs }),
  });
  const isRunning = run.data?.status === 'RUNNING' && run.data.lifecycle === 'active';
  useEffect(() => {
    if (!isRunning) return;
    const stop = new AbortController();
    void follow(id, queries, stop.signal, setLive);
    return () => {
      stop.abort();
      setLive(false);
    };
  }, [id, isRunning, queries]);
  const wasLive = useRef(false);
  // Last of all: asked while the stream still counted as newer, nothing would be fetched.
  useEffect(() => {
    if (wasLive.current && !isLive)
      void queries.invalidateQueries({ queryKey: ['experiments', 'getRun', { id }] });
    wasLive.current = isLive;
  }, [id, isLive, queries]);
  return { asked, run, isLive };
}

async function follow(
  id: string,
  queries: QueryClient,
  signal: AbortSignal,
  setLive: (isLive: boolean) => void,
): Promise<void> {
  const curves = createCurveRefresher(id, queries);
  const { queryKey } = ask('experiments', 'getRun', { id });
  const token = getToken();
  try {
    for await (const update of watchRun(id, { url: location.origin, signal, ...(token && { token }) })) {
      setLive(true);
      queries.setQueryData<Run>(queryKey, (run) => run && applyUpdate(run, update));
      curves.moved(update);
      if (update.isLast) break;
    }
  } catch {
    // Refused: the page goes on asking as others do.
  }
  curves.stop();
  if (!signal.aborted) setLive(false);
}

/** Asks again for curves that moved, and only where they are drawn. */
function createCurveRefresher(id: string, queries: QueryClient) {
  const keys = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    const moved = new Set(keys);
    keys.clear();
    void queries.invalidateQueries({
      predicate: ({ queryKey: [word, runIds, key] }) =>
        word === 'curves' && (runIds as readonly string[]).includes(id) && moved.has(key as string),
    });
  };
  return {
    moved({ metrics }: RunUpdate): void {
      for (const { key } of metrics) keys.add(key);
      if (keys.size > 0) timer ??= setTimeout(flush, curvesMs);
    },
    stop(): void {
      clearTimeout(timer);
      if (keys.size > 0) flush();
    },
  };
}
