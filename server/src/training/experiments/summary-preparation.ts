/**
 * Summarises the long histories of a run once it has ended, so that the first look at its charts is as quick as the
 * second. While it runs its writes come first.
 */
import type { Db } from '../../adapters/db/db.ts';
import { readHistory } from './sample-verbs.ts';
import { summaryStore } from './summary-store.ts';

/** Runs with fewer metrics in all are read faster than they are prepared. */
const worthwhile = 8_192;
const mostRuns = 10_000;
const mostSeries = 200;

export interface SummaryPreparation {
  noteLogged(runId: string, metrics: number): void;
  noteEnded(runId: string): void;
}

export function createSummaryPreparation(db: Db): SummaryPreparation {
  /** Metrics that each run logged through this process. */
  const logged = new Map<string, number>();
  let last = Promise.resolve();

  async function prepare(runId: string): Promise<void> {
    for (const id of await summaryStore(db).listSeriesOfRun(runId, mostSeries)) await readHistory(db, id);
  }

  return {
    noteLogged(runId, metrics) {
      if (metrics === 0) return;
      if (logged.size >= mostRuns) logged.clear();
      logged.set(runId, (logged.get(runId) ?? 0) + metrics);
    },

    noteEnded(runId) {
      const isWorthwhile = (logged.get(runId) ?? 0) >= worthwhile;
      logged.delete(runId);
      // A preparation that fails, as at the server's end, is made up for by whoever looks.
      if (isWorthwhile) last = last.then(() => prepare(runId)).catch(() => {});
    },
  };
}
