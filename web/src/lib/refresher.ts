import type { QueryClient } from '@tanstack/react-query';
import type { Domain } from './client.ts';

const flushMs = 200;

/** Which domains' queries an event makes stale, by the word before the dot of its kind. */
const touched: Readonly<Record<string, readonly Domain[]>> = {
  dataset: ['datasets', 'sources'],
  source: ['sources'],
  analysis: ['analyses'],
  view: ['features', 'entities', 'featureServices'],
  entity: ['entities', 'features'],
  service: ['featureServices', 'features', 'entities'],
  experiment: ['experiments'],
  run: ['experiments'],
  runs: ['experiments'],
  logged: ['loggedModels', 'experiments'],
  job: ['jobs', 'experiments'],
  sweep: ['sweeps', 'experiments'],
  model: ['registry', 'governance', 'cards', 'assessments', 'scores', 'studies'],
  evaluation: ['evaluation', 'cards'],
  study: ['studies'],
  gate: ['governance'],
  approval: ['governance', 'registry'],
  endpoint: ['endpoints', 'registry'],
  rollout: ['rollouts', 'endpoints'],
  promotion: ['rollouts', 'endpoints', 'registry'],
  predictions: ['predictions', 'endpoints'],
  prediction: ['predictions', 'endpoints'],
  outcomes: ['predictions'],
  outcome: ['predictions'],
  monitor: ['monitoring'],
  alert: ['alerts', 'monitoring'],
  loop: ['retraining'],
  retraining: ['retraining'],
  automation: ['system'],
  token: ['access'],
  user: ['access', 'users', 'account'],
  group: ['groups', 'users', 'account'],
  grant: ['grants', 'users', 'account'],
};

/** Null: an event we do not know may touch anything. */
export function domainsOf(kind: string): readonly Domain[] | null {
  const word = kind.split(/[.-]/)[0] ?? '';
  return touched[word] ?? null;
}

/**
 * Turns bursts of events into at most five refreshes a second. A domain whose queries are still on their way waits:
 * cancelling them would starve the screen, and their answer may be older than the event.
 */
export function createRefresher(queries: QueryClient, pause = flushMs) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let everything = false;
  const dirty = new Set<Domain>();

  function flush(): void {
    timer = undefined;
    const isBusy = (domain?: Domain) => queries.isFetching(domain ? { queryKey: [domain] } : {}) > 0;
    if (everything && !isBusy()) {
      everything = false;
      dirty.clear();
      void queries.invalidateQueries();
    }
    if (!everything) {
      for (const domain of dirty) {
        if (isBusy(domain)) continue;
        dirty.delete(domain);
        void queries.invalidateQueries({ queryKey: [domain] });
      }
    }
    if (everything || dirty.size > 0) arm();
  }

  function arm(): void {
    timer ??= setTimeout(flush, pause);
  }

  return {
    all(): void {
      everything = true;
      arm();
    },
    event(kind: string): void {
      const domains = domainsOf(kind);
      if (!domains) everything = true;
      else for (const domain of [...domains, 'overview', 'access'] as const) dirty.add(domain);
      arm();
    },
    stop(): void {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** Takes server-sent events out of a stream of text: each block's `data:` line; heartbeats are skipped. */
export function createEventParser() {
  let rest = '';
  return (text: string): { kind: string }[] => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => {
      const data = block.split('\n').find((line) => line.startsWith('data: '));
      return data ? [JSON.parse(data.slice(6)) as { kind: string }] : [];
    });
  };
}
