import type { Download } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { toBytes, toComment, toFrame, waitForWake } from '../../base/server-sent-events.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { isOver, toUpdate } from './run-changes.ts';
import { runStore } from './run-store.ts';
import { createRunWatch, type Watcher } from './run-watch.ts';

export const mostWatchers = 200;

/** Runs as they run. The database is looked at rather than our own writes, as another process may write them. */
export function createWatchVerbs({ db }: ExperimentsDependencies) {
  const watch = createRunWatch(db);
  let watchers = 0;

  async function* follow(runId: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const watcher: Watcher = { pending: null, wake: () => {}, failure: undefined };
    const leave = () => watcher.wake();
    signal.addEventListener('abort', leave, { once: true });
    const release = watch.add(runId, watcher);
    watchers += 1;
    try {
      yield toComment('connected');
      while (!signal.aborted && !watcher.failure) {
        const change = watcher.pending;
        watcher.pending = null;
        if (change) yield toBytes([toFrame(toUpdate(change))]);
        if (change && isOver(change.glance)) return;
        if (!watcher.pending && !watcher.failure && !signal.aborted && !(await isWoken(watcher)))
          yield toComment('still here');
      }
      if (watcher.failure) throw watcher.failure;
    } finally {
      watchers -= 1;
      release();
      signal.removeEventListener('abort', leave);
    }
  }

  return {
    /** @throws runWatchersFull: each costs an open connection. */
    async watchRun({ id }: { id: string }, caller: Caller, signal: AbortSignal): Promise<Download> {
      const run = await runStore(db).findState(caller.workspace, id);
      if (!run) throw errors.runNotFound({ run: id });
      if (watchers >= mostWatchers) throw errors.runWatchersFull({ limit: mostWatchers });
      return { content: follow(id, signal), mediaType: 'text/event-stream' };
    },
  };
}

const isWoken = (watcher: Watcher): Promise<boolean> =>
  waitForWake((wake) => {
    watcher.wake = wake;
  });
