/** Looks at the runs that somebody watches, all at once, a few times a second; at nothing when nobody does. */
import type { Db } from '../../adapters/db/db.ts';
import type { MetricValue } from './rules.ts';
import { findChange, joinChanges, type RunChange, type SeenRun } from './run-changes.ts';
import { watchStore } from './watch-store.ts';

const lookEveryMs = 350;

/** A reader of one run: what it has not been told yet. */
export interface Watcher {
  pending: RunChange | null;
  /** Called when there is something pending, or nothing can be found out any more. */
  wake: () => void;
  failure: unknown;
}

interface Watched {
  readonly watchers: Set<Watcher>;
  seen: SeenRun | undefined;
}

export function createRunWatch(db: Db) {
  const runs = new Map<string, Watched>();
  let isLooking = false;
  let hurry = () => {};

  async function look(): Promise<void> {
    const ids = [...runs.keys()];
    const store = watchStore(db);
    const glances = await store.glance(ids);
    const tags = groupByRun(await store.listTags(ids));
    endVanished(ids.filter((id) => glances.every((glance) => glance.id !== id)));
    const moved = glances.filter(
      ({ id, metricsMark }) => runs.get(id)?.seen?.glance.metricsMark !== metricsMark,
    );
    const metrics = groupByRun(await store.listLatest(moved.map(({ id }) => id)));
    for (const glance of glances) {
      const watched = runs.get(glance.id);
      if (!watched) continue;
      const known = watched.seen?.metrics ?? new Map<string, MetricValue>();
      tell(watched, {
        glance,
        metrics: moved.includes(glance) ? toMap(metrics.get(glance.id), (point) => point) : known,
        tags: toMap(tags.get(glance.id), ({ value }) => value),
      });
    }
  }

  /** Deleted for good since the last look. */
  function endVanished(ids: readonly string[]): void {
    for (const watched of ids.map((id) => runs.get(id))) {
      if (watched?.seen)
        tell(watched, { ...watched.seen, glance: { ...watched.seen.glance, lifecycle: 'deleted' } });
    }
  }

  function tell(watched: Watched, now: SeenRun): void {
    const change = findChange(watched.seen, now);
    watched.seen = now;
    if (!change) return;
    for (const watcher of watched.watchers) {
      watcher.pending = joinChanges(watcher.pending, change);
      watcher.wake();
    }
  }

  async function lookOn(): Promise<void> {
    isLooking = true;
    try {
      while (runs.size > 0) {
        await look();
        await new Promise<void>((resolve) => {
          hurry = resolve;
          setTimeout(resolve, lookEveryMs).unref();
        });
      }
    } catch (failure) {
      // The readers are told, and come back by themselves.
      for (const { watchers } of runs.values())
        for (const watcher of watchers) Object.assign(watcher, { failure }).wake();
    } finally {
      isLooking = false;
    }
  }

  return {
    /** What is known of the run is pending at once; the function given back ends it. */
    add(runId: string, watcher: Watcher): () => void {
      const watched = runs.get(runId) ?? { watchers: new Set<Watcher>(), seen: undefined };
      runs.set(runId, watched);
      watched.watchers.add(watcher);
      if (watched.seen) watcher.pending = findChange(undefined, watched.seen);
      if (isLooking) hurry();
      else void lookOn();
      return () => {
        watched.watchers.delete(watcher);
        if (watched.watchers.size === 0) runs.delete(runId);
      };
    },
  };
}

function groupByRun<T extends { readonly runId: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.runId);
    if (group) group.push(row);
    else groups.set(row.runId, [row]);
  }
  return groups;
}

const toMap = <T extends { readonly key: string }, V>(rows: readonly T[] = [], to: (row: T) => V) =>
  new Map(rows.map((row) => [row.key, to(row)]));
