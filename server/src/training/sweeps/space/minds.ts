/**
 * Samplers and pruners of the searches at work, in memory. Each knows the changes up to some revision and is told the rest
 * before it answers, so that it may be forgotten, and other servers may write meanwhile.
 */
import type { Db } from '../../../adapters/db/db.ts';
import type { Pruner } from '../search/pruners/pruner.ts';
import { createPruner, type PrunerSettings } from '../search/pruners/pruners.ts';
import type { Sampler } from '../search/sampler.ts';
import { samplers } from '../search/samplers.ts';
import { isOver, type SearchRecord, spaceOf, type TrialRecord, toSearchTrial } from './rules.ts';
import { type StoredReport, searchStore } from './store.ts';

export interface Mind {
  readonly sampler: Sampler;
  readonly trials: ReadonlyMap<number, TrialRecord>;
  /** Trials that the pruner wanted to stop. */
  readonly hopeless: ReadonlySet<number>;
  /** The revision up to which it knows the search. */
  readonly seen: number;
}

interface GrowingMind extends Mind {
  readonly trials: Map<number, TrialRecord>;
  readonly hopeless: Set<number>;
  readonly pruner: Pruner;
  seen: number;
}

const mostMinds = 50;

export function createMinds(db: Db) {
  const minds = new Map<string, GrowingMind>();

  function begin({ id, definition }: SearchRecord): GrowingMind {
    const { goals, seed, sampler, pruner } = definition;
    const directions = goals.map(({ direction }) => direction);
    const [direction = 'minimize'] = directions;
    return {
      sampler: samplers[sampler]({ space: spaceOf(definition), directions, seed }),
      pruner: createPruner(pruner as PrunerSettings, { direction, name: id }),
      trials: new Map(),
      hopeless: new Set(),
      seen: -1,
    };
  }

  function learnTrial(mind: GrowingMind, trial: TrialRecord): void {
    mind.trials.set(trial.number, trial);
    mind.sampler.tell(toSearchTrial(trial));
    if (isOver(trial)) mind.pruner.end(trial.number, trial.state as 'complete' | 'pruned' | 'failed');
  }

  function learnReport(mind: GrowingMind, { number, step, value }: StoredReport): void {
    if (mind.pruner.report({ number, step, value: value ?? Number.NaN })) mind.hopeless.add(number);
  }

  return {
    /** Call it in the sweep's turn: two at once would tell the same twice. */
    async of(search: SearchRecord): Promise<Mind> {
      const { id } = search;
      const mind = minds.get(id) ?? begin(search);
      minds.delete(id);
      minds.set(id, mind);
      for (const oldest of minds.keys()) if (minds.size > mostMinds) minds.delete(oldest);
      const store = searchStore(db);
      // Revisions are committed in order, so up to this one everything can be seen.
      const until = await store.findRevision(id);
      if (until === mind.seen) return mind;
      const trials = await store.listTrials(id, mind.seen, until);
      const reports = await store.listReports(id, mind.seen, until);
      // In the order in which it happened: what a pruner says depends on it.
      let next = 0;
      for (const trial of trials) {
        for (; (reports[next]?.revision ?? Number.POSITIVE_INFINITY) <= trial.revision; next++)
          learnReport(mind, reports[next] as StoredReport);
        learnTrial(mind, trial);
      }
      for (const report of reports.slice(next)) learnReport(mind, report);
      mind.seen = until;
      return mind;
    },
    forget: (id: string) => void minds.delete(id),
  };
}

export type Minds = ReturnType<typeof createMinds>;
