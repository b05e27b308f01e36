import { useSyncExternalStore } from 'react';
import { absent, formatEventTime, formatExact, formatRelative } from '../lib/format.ts';

const tickMs = 10_000;
const watchers = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all times on the screen. */
function watch(tell: () => void): () => void {
  watchers.add(tell);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const notify of watchers) notify();
  }, tickMs);
  return () => {
    watchers.delete(tell);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Relative, the exact time on hover. */
export function Time({ at }: { readonly at: number | null | undefined }) {
  const current = useSyncExternalStore(watch, () => now);
  if (at === null || at === undefined) return <span className="dim">{absent}</span>;
  return (
    <time className="number" dateTime={new Date(at).toISOString()} title={formatExact(at)}>
      {formatRelative(at, Math.max(current, at))}
    </time>
  );
}

/** A time of the data itself: a date, never "two years ago". */
export function EventTime({ at }: { readonly at: number | null | undefined }) {
  if (at === null || at === undefined) return <span className="dim">{absent}</span>;
  const exact = new Date(at).toISOString();
  return (
    <time className="number" dateTime={exact} title={exact}>
      {formatEventTime(at)}
    </time>
  );
}
