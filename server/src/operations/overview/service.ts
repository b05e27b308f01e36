import type { Overview } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import type { Endpoints } from '../../serving/endpoints/service.ts';
import type { Predictions } from '../../serving/predictions/service.ts';
import type { Alerts } from '../alerts/service.ts';
import type { Monitoring } from '../monitoring/service.ts';
import type { Projects } from '../projects/service.ts';
import type { Retraining } from '../retraining/service.ts';
import { spansOf, thin, toPoint } from './rules.ts';
import { overviewStore } from './store.ts';

export interface OverviewDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly endpoints: Pick<Endpoints, 'list' | 'listRevisions'>;
  readonly predictions: Pick<Predictions, 'counts' | 'window'>;
  readonly alerts: Pick<Alerts, 'list'>;
  readonly monitoring: Pick<Monitoring, 'headlines'>;
  readonly retraining: Pick<Retraining, 'list'>;
  readonly projects: Pick<Projects, 'list'>;
}

/** Every open browser asks after every event: they share one answer for this long. */
const keptMs = 250;
/** Newest units the chart is made of; longer histories are for `performance` and the predictions' own screen. */
const chartedUnits = 3000;
const shownAlerts = 20;

/** The loop at a glance, for one endpoint: what it forecast, what came true, who watched, what was done. */
export function createOverview(deps: OverviewDependencies) {
  const { db, clock, endpoints, predictions, alerts, monitoring, retraining, projects } = deps;
  const kept = new Map<string, { until: number; overview: Promise<Overview> }>();
  /** Main model of each revision, which never changes. */
  const mainModels = new Map<string, Map<number, string>>();

  /** The first endpoint a project file names, or the first there is. */
  async function chooseEndpoint(caller: Caller): Promise<string | null> {
    const { items } = await endpoints.list({ limit: 1000 }, caller);
    const there = new Set(items.map((item) => item.endpoint));
    const declared = (await projects.list(caller.workspace)).flatMap(({ endpoints: named = {} }) =>
      Object.keys(named),
    );
    return declared.find((name) => there.has(name)) ?? items[0]?.endpoint ?? null;
  }

  async function modelsOf(
    endpoint: string,
    revisions: ReadonlySet<number>,
    caller: Caller,
  ): Promise<ReadonlyMap<number, string>> {
    const key = `${caller.workspace}/${endpoint}`;
    const known = mainModels.get(key) ?? new Map<number, string>();
    mainModels.set(key, known);
    if ([...revisions].every((revision) => known.has(revision))) return known;
    const { items } = await endpoints.listRevisions({ name: endpoint, limit: 1000 }, caller);
    for (const { revision, variants } of items) {
      const answering = variants.filter((variant) => !variant.shadow);
      const main = answering.reduce((best, variant) => (variant.weight > best.weight ? variant : best));
      known.set(revision, main.model);
    }
    return known;
  }

  async function chart(endpoint: string, caller: Caller): Promise<Pick<Overview, 'series' | 'spans'>> {
    const { workspace } = caller;
    const newest = await predictions.window({ workspace, endpoint, rows: chartedUnits });
    const records = newest.toReversed();
    const models = await modelsOf(endpoint, new Set(records.map(({ revision }) => revision)), caller);
    return { series: thin(records).map(toPoint), spans: spansOf(records, models) };
  }

  async function count(workspace: string): Promise<Overview['counts']> {
    const stored = await overviewStore(db).count(workspace);
    return { ...stored, ...(await predictions.counts(workspace)) };
  }

  async function read(asked: string | undefined, caller: Caller): Promise<Overview> {
    const { workspace } = caller;
    const endpoint = asked ?? (await chooseEndpoint(caller));
    if (endpoint === null)
      return {
        ...{ counts: await count(workspace), endpoint },
        ...{ series: [], spans: [], monitors: [], alerts: [], loopRun: null },
      };
    const [charted, monitors, open, runs] = await Promise.all([
      chart(endpoint, caller),
      monitoring.headlines(workspace, endpoint),
      alerts.list({ endpoint, limit: 100 }, caller),
      retraining.list({ endpoint, limit: 1 }, caller),
    ]);
    const counts = await count(workspace);
    const unresolved = open.items.filter((alert) => alert.state !== 'resolved').slice(0, shownAlerts);
    return { counts, endpoint, ...charted, monitors, alerts: unresolved, loopRun: runs.items[0] ?? null };
  }

  return {
    /** @throws endpointNotFound */
    async get(input: { endpoint?: string | undefined }, caller: Caller): Promise<Overview> {
      const key = `${caller.workspace}/${input.endpoint ?? ''}`;
      const now = clock.now();
      const found = kept.get(key);
      if (found && now < found.until) return found.overview;
      for (const [old, { until }] of kept) if (now >= until) kept.delete(old);
      const overview = read(input.endpoint, caller);
      kept.set(key, { until: now + keptMs, overview });
      overview.catch(() => kept.delete(key));
      return overview;
    },
  };
}

export type OverviewOf = ReturnType<typeof createOverview>;
