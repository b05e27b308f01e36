import type { QueryClient } from '@tanstack/react-query';
import { TidemillClientError } from '@tidemill/sdk';
import { useSyncExternalStore } from 'react';
import { client } from './client.ts';
import { createEventParser, createRefresher } from './refresher.ts';

export type LiveState = 'live' | 'connecting' | 'offline';

const firstRetryMs = 500;
const longestRetryMs = 8000;

let state: LiveState = 'connecting';
const watchers = new Set<() => void>();

function setState(next: LiveState): void {
  if (next === state) return;
  state = next;
  for (const tell of watchers) tell();
}

export const useLiveState = (): LiveState =>
  useSyncExternalStore(
    (tell) => {
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    () => state,
  );

/** Follows the server's events until the signal fires; through the SDK, as an EventSource cannot carry a token. */
export async function followEvents(queries: QueryClient, signal: AbortSignal): Promise<void> {
  const refresher = createRefresher(queries);
  signal.addEventListener('abort', () => refresher.stop(), { once: true });
  let retry = firstRetryMs;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      const stream = await client().system.events({}, { signal });
      setState('live');
      retry = firstRetryMs;
      // Asking anew is safer than resuming by id: the server may have come back with another data folder.
      if (!isFirst) refresher.all();
      const parse = createEventParser();
      const decoder = new TextDecoder();
      for await (const bytes of stream.content) {
        for (const event of parse(decoder.decode(bytes, { stream: true }))) refresher.event(event.kind);
      }
      setState('connecting');
    } catch (error) {
      if (signal.aborted) return;
      const isRefused = error instanceof TidemillClientError && error.status > 0;
      setState(isRefused ? 'offline' : 'connecting');
    }
    await new Promise((resolve) => setTimeout(resolve, retry));
    retry = Math.min(longestRetryMs, retry * 2);
  }
}
