import type { FeatureHealth, FeatureMeasure, FeatureView, Materialization } from '@tidemill/contract';
import type { Db } from '../../../adapters/db/db.ts';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors } from '../../../base/errors.ts';
import { groupsOf } from '../../../base/in-parallel.ts';
import { formatReference, parseReference } from '../../../base/references.ts';
import { type Bindings, createBinder, type Datasets } from '../../datasets/service.ts';
import type { Materialize } from '../online/materialize.ts';
import { unpackValues } from '../online/values.ts';
import { createDrift, type DriftDependencies } from './drift.ts';
import { createOffline, type OfflineDependencies, type OfflineRows, type Sampled } from './offline.ts';
import { createParity, isSame } from './parity.ts';
import { freshnessOf, type HeldRow } from './rules.ts';
import { healthStore } from './store.ts';

export interface HealthDependencies extends OfflineDependencies, Omit<DriftDependencies, 'analytics'> {
  readonly db: Db;
  readonly clock: Clock;
  readonly online: Pick<OnlineStore, 'read'>;
  readonly datasets: Datasets;
  readonly materialize: Pick<Materialize, 'lastMaterialization'>;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
}

export interface MeasureOptions {
  readonly sample?: number | undefined;
  readonly seed?: number | undefined;
  /** A dataset version that the newest rows are held against. */
  readonly reference?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const defaultSample = 200;
const featuresPerFile = 50;
/** Measurements at once, and waiting: each reads a whole view. */
const atOnce = 2;
const mostWaiting = 20;

/** How a view is: fresh or not, empty or not, moved or not, and the same online as offline. */
export function createFeatureHealth(deps: HealthDependencies) {
  const { db, clock, online, datasets, resolveView } = deps;
  const store = healthStore(db);
  const offline = createOffline(deps);
  const drift = createDrift(deps);
  const binder = (workspace: string, bindings?: Bindings) => createBinder(deps, workspace, bindings);
  const parity = createParity({ online, offline, binder, now: () => clock.now() });
  const line = createLine();

  /** `prices@7`: the first version that the last materialization did not read, and since when it is there. */
  async function missedSince(workspace: string, last: Materialization | null, bindings: Bindings) {
    if (last === null || isSame(last.bindings, bindings)) return null;
    let first: { version: string; since: number } | null = null;
    for (const [name, reference] of Object.entries(bindings)) {
      const before = last.bindings[name];
      if (before === undefined || before === reference) continue;
      const next = formatReference(name, Number(parseReference(before).version) + 1);
      const found = await datasets
        .resolve(next, workspace)
        .catch(() => datasets.resolve(reference, workspace));
      if (first === null || found.createdAt < first.since)
        first = { version: found.reference, since: found.createdAt };
    }
    return first;
  }

  async function measure(view: FeatureView, options: MeasureOptions): Promise<FeatureHealth> {
    const { workspace, name, version } = view;
    const began = performance.now();
    const bind = binder(workspace);
    const bound = await bind.bind(view.reference, view.sql);
    const bindings = bind.resolved();
    const last = await deps.materialize.lastMaterialization(workspace, name, version);
    const missed = await missedSince(workspace, last, bindings);
    const pushed = await store.findPushed(workspace, name, version);
    const versions = bound.versions.map(({ reference }) => reference);

    const { signal, sample: size = defaultSample } = options;
    return offline.withRows(
      view,
      bound,
      async (rows) => {
        // Not before its SQL has run, which may have read the clock.
        const now = clock.now();
        const { seed = now % 2 ** 31 } = options;
        const facts = await rows.facts(now);
        const sample = await rows.sample({ now, size, seed });
        const request = { view, sample, now, bindings, last, missed, isPushed: pushed !== null, signal };
        const compared = await parity.measure(request);
        const drifts = await measureDrift(view, rows, facts.rows, now, options);
        const newest = newestOnline(last, pushed, compared.online);
        const freshness = freshnessOf({
          objective: view.freshness,
          now,
          online: newest,
          offline: facts.newest,
          isOnline: last !== null || pushed !== null || newest !== null,
          createdAt: view.createdAt,
          missedVersion: missed?.version ?? null,
          versions,
        });
        return {
          view: view.reference,
          measuredAt: now,
          tookMs: Math.round(performance.now() - began),
          versions,
          rows: facts.rows,
          entities: facts.entities,
          pending: facts.pending,
          materialization: last && {
            id: last.id,
            finishedAt: last.finishedAt ?? last.createdAt,
            bindings: last.bindings,
          },
          freshness,
          features: measures(
            view,
            facts.nulls ? { ...facts, nulls: facts.nulls } : nullsIn(view, sample),
            compared.online,
            drifts?.found,
          ),
          parity: compared.parity,
          driftReference: drifts?.against ?? null,
        };
      },
      signal,
    );
  }

  async function measureDrift(
    view: FeatureView,
    rows: OfflineRows,
    count: number,
    now: number,
    { reference, signal }: MeasureOptions,
  ) {
    const window = drift.windowOf(count);
    // Windows overlap: their rows depend on each other, and a test for independent ones would find drift in any.
    if (window === 0 || view.aggregations.length > 0) return null;
    const compared = async (before: OfflineRows, size: number) => {
      const found: FeatureMeasure['drift'][] = [];
      // Some at a time: opening a file takes as long as it has columns, and each feature opens it.
      for (const features of groupsOf(view.features, featuresPerFile)) {
        signal?.throwIfAborted();
        const newest = await rows.part('newest', { features, window, now });
        const earlier = await before.part('earlier', { features, window: size, now });
        found.push(...(await drift.measure(features, newest, earlier)));
      }
      return found;
    };
    if (reference === undefined) return { found: await compared(rows, window), against: 'earlier rows' };
    const bound = await binder(view.workspace, { [parseReference(reference).name]: reference }).bind(
      view.reference,
      view.sql,
    );
    const found = await offline.withRows(view, bound, (before) => compared(before, 0));
    return { found, against: reference };
  }

  async function measured(view: FeatureView, options: MeasureOptions): Promise<FeatureHealth> {
    const health = await line(() => measure(view, options));
    await store.save(view.workspace, view.name, view.version, health);
    return health;
  }

  return {
    /** Measures now. */
    measureHealth: measured,

    async health(
      input: MeasureOptions & { name: string; version: string; kept?: boolean | undefined },
      caller: Caller,
      signal?: AbortSignal,
    ): Promise<FeatureHealth> {
      const view = await resolveView(formatReference(input.name, input.version), caller.workspace);
      const kept = input.kept ? await store.find(view.workspace, view.name, view.version) : null;
      return kept ?? measured(view, { ...input, signal });
    },

    /** The newest event that was pushed online; for the freshness of what no dataset knows. */
    notePushed: (view: FeatureView, eventTime: number): Promise<void> =>
      store.savePushed(view.workspace, view.name, view.version, eventTime),

    /** Of one version, or of all. */
    forgetHealth: (workspace: string, name: string, number?: number): Promise<void> =>
      store.forget(workspace, name, number),
  };
}

function newestOnline(
  last: Materialization | null,
  pushed: number | null,
  rows: readonly HeldRow[],
): number | null {
  const times = rows.map(({ eventTime }) => Math.floor(eventTime / 1000));
  const known = [last?.newestEventTime, pushed, ...times].filter((time) => time != null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Of windows at this instant, in a sample of the entities. */
function nullsIn(view: FeatureView, sample: readonly Sampled[]) {
  const rows = sample.flatMap(({ row }) => (row ? [unpackValues(view.features, row.values)] : []));
  return {
    rows: rows.length,
    nulls: view.features.map((_, i) => rows.filter((row) => (row[i] ?? null) === null).length),
  };
}

function measures(
  view: FeatureView,
  facts: { readonly rows: number; readonly nulls: readonly number[] },
  held: readonly HeldRow[],
  drifts: readonly FeatureMeasure['drift'][] | undefined,
): FeatureMeasure[] {
  const values = held.map((row) => unpackValues(view.features, row.values));
  const rate = (nulls: number, rows: number) => ({ rows, nulls, rate: rows === 0 ? null : nulls / rows });
  return view.features.map(({ name, type }, i) => ({
    name,
    type,
    offline: rate(facts.nulls[i] ?? 0, facts.rows),
    online: rate(values.filter((row) => (row[i] ?? null) === null).length, values.length),
    drift: drifts?.[i] ?? null,
  }));
}

/** Few at once, some waiting, the rest refused. */
function createLine() {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (waiting.length >= mostWaiting) throw errors.computeBusy({ waiting: mostWaiting });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

export type FeatureHealthService = ReturnType<typeof createFeatureHealth>;
