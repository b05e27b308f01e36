import type { FeatureView, MonitorResult } from '@tidemill/contract';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Features } from '../../data/features/service.ts';
import type { Events } from '../../platform/events/service.ts';
import type { TaskContext, TaskOutcome, Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts } from '../../platform/tasks/told-end.ts';
import type { Alerts } from '../alerts/service.ts';
import { automaticMonitors } from './automatic-monitors.ts';
import { monitoringStore, type NewResult, type StoredMonitor } from './store.ts';
import { intervalOf, judgeBroken, judgeHealth, toViewCause, type ViewJudgement } from './view-judge.ts';

export interface ViewMonitorsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'wake'>;
  readonly events: Pick<Events, 'on'>;
  readonly alerts: Pick<Alerts, 'observe' | 'endMonitor' | 'endUnwatched' | 'hasLasting'>;
  readonly features: Pick<
    Features,
    'resolveView' | 'measureHealth' | 'onlineNumbers' | 'lastMaterialization' | 'usesOf' | 'findMeaning'
  >;
  /** Whether views are watched of which nobody has said so. */
  readonly watchViews?: boolean;
  readonly recorded: (workspace: string, monitor: string, results: readonly MonitorResult[]) => Promise<void>;
}

type Progress = { readonly checks?: Readonly<Record<string, number>>; readonly tookMs?: number };

const taskKind = 'view-check';
const untilWoken = 8_640_000_000_000_000;
const changes = ['features.defined', 'features.described', 'features.deleted', 'features.materialized'];
/** After a materialization a view is looked at again soon, but not after each of many. */
const spacingMs = 60_000;
/** Of the time, measuring a view takes at most a twentieth. */
const shareOfTime = 20;

interface Nudge {
  /** When the last materialization ended. */
  readonly at: number;
  readonly spacing: number;
  readonly share: number;
}
const soon = { spacing: 0, share: 2 };
const later = { spacing: spacingMs, share: shareOfTime };

export const viewSubject = (reference: string): string => `view:${reference.split('@')[0]}`;

/** Looks at feature views by their monitors: at intervals, and soon after a materialization. */
export function createViewMonitors(deps: ViewMonitorsDependencies) {
  const { db, clock, logger, tasks, events, alerts, features, watchViews = true } = deps;

  tasks.register<{ view: string }>(taskKind, { concurrency: 1, whilePaused: true }, async (task) => {
    try {
      return await lookAt(task);
    } catch (error) {
      // Where the server stops the next one goes on.
      if (task.signal.aborted) throw error;
      // The next look is not lost with this one.
      logger.error({ err: error, view: task.payload.view }, 'a view could not be looked at');
      return { waitUntil: clock.now() + spacingMs };
    }
  });

  events.on('view-monitors', changes, async ({ workspace, subject }) => {
    const name = /^view:([^@]+)@/.exec(subject)?.[1];
    if (name !== undefined) await transact(db, (tx) => ask(tx, workspace, name));
  });

  /** One task per view for ever, which looks when it is due. */
  async function ask(tx: Db, workspace: string, view: string): Promise<void> {
    const id = await tasks.enqueue(tx, {
      ...{
        kind: taskKind,
        workspace,
        subject: `view:${view}`,
        payload: { view },
        actor: 'system:monitoring',
      },
      ...{ maximumAttempts: endlessAttempts, deduplicationKey: `${workspace}/${view}` },
    });
    await tasks.wake(tx, id);
  }

  async function lookAt(task: TaskContext<{ view: string }>): Promise<TaskOutcome> {
    const { workspace, payload, signal } = task;
    const monitors = await reconcile(workspace, payload.view);
    const { checks = {}, tookMs = 0 } = task.progress as Progress;
    if (monitors.length === 0) return { waitUntil: untilWoken };
    const now = clock.now();
    const gap = shareOfTime * tookMs;
    const nudge = await nudgeOf(workspace, payload.view);
    const dueAt = (monitor: StoredMonitor): number => {
      const last = checks[monitor.name];
      if (last === undefined) return now;
      const regular = last + Math.max(intervalOf(monitor), gap);
      return nudge.at >= last ? Math.min(regular, last + nudge.share * tookMs + nudge.spacing) : regular;
    };
    const due = monitors.filter((monitor) => dueAt(monitor) <= now);
    const began = performance.now();
    for (const monitor of due) await check(monitor, signal);
    const took = due.length === 0 ? tookMs : Math.round(performance.now() - began);
    const known = Object.fromEntries(monitors.map(({ name }) => [name, checks[name] ?? 0]));
    const looked = Object.fromEntries(due.map(({ name }) => [name, now]));
    await task.saveProgress({ checks: { ...known, ...looked }, tookMs: took });
    const rest = monitors.map((monitor) =>
      due.includes(monitor) ? now + Math.max(intervalOf(monitor), shareOfTime * took) : dueAt(monitor),
    );
    return { waitUntil: Math.min(...rest) };
  }

  /** A materialization may have mended what is wrong: then nobody should wait long. */
  async function nudgeOf(workspace: string, view: string): Promise<Nudge> {
    const [newest] = (await features.onlineNumbers(workspace, view)).toSorted((a, b) => b - a);
    const last = newest === undefined ? null : await features.lastMaterialization(workspace, view, newest);
    const isWrong = await alerts.hasLasting(workspace, viewSubject(view));
    return { at: last?.finishedAt ?? 0, ...(isWrong ? soon : later) };
  }

  /** Automatic monitors as the view is now; all monitors of the view. */
  async function reconcile(workspace: string, name: string): Promise<StoredMonitor[]> {
    const subject = viewSubject(name);
    const there = await monitoringStore(db).list({ workspace, subject });
    const found = await features.findMeaning(name, workspace);
    const isOnline = (await features.onlineNumbers(workspace, name)).length > 0;
    const wanted = { view: found?.view ?? null, isOnline, isOn: watchViews, now: clock.now() };
    const { save, remove } = automaticMonitors(workspace, name, wanted, there);
    // A name that somebody took for something else is theirs.
    for (const monitor of save)
      if (!(await monitoringStore(db).find(workspace, monitor.name)))
        await monitoringStore(db).save(monitor, 'system:monitoring');
    for (const each of remove) {
      await monitoringStore(db).delete(workspace, each);
      await alerts.endMonitor(workspace, subject, each);
    }
    if (found === null)
      for (const monitor of there) await alerts.endMonitor(workspace, subject, monitor.name);
    return found === null ? [] : monitoringStore(db).list({ workspace, subject });
  }

  /** The version it names; else those online that endpoints read, and where none does, the latest. */
  async function versionsOf({ workspace, view = '' }: StoredMonitor): Promise<FeatureView[]> {
    const latest = await features.resolveView(view, workspace);
    if (view.includes('@')) return [latest];
    const used: FeatureView[] = [];
    for (const number of await features.onlineNumbers(workspace, view)) {
      const found = await features.resolveView(`${view}@${number}`, workspace).catch(() => null);
      if (found && (await features.usesOf(workspace, found.uri)).endpoints.length > 0) used.push(found);
    }
    return used.length === 0 ? [latest] : used;
  }

  async function check(monitor: StoredMonitor, signal?: AbortSignal): Promise<MonitorResult[]> {
    const { workspace, name, view = '' } = monitor;
    const versions = await versionsOf(monitor);
    const models = versions.map(({ reference }) => reference);
    await alerts.endUnwatched(workspace, viewSubject(view), name, models);
    const results: MonitorResult[] = [];
    for (const version of versions) results.push(...(await checkVersion(monitor, version, signal)));
    return results;
  }

  async function checkVersion(
    monitor: StoredMonitor,
    view: FeatureView,
    signal: AbortSignal | undefined,
  ): Promise<MonitorResult[]> {
    const { workspace, name, kind, webhook = null, reference } = monitor;
    const measured = await features
      .measureHealth(view, { reference, signal })
      .catch((error: unknown): TidemillError => asBroken(error));
    const isBroken = measured instanceof TidemillError;
    const judgements = isBroken ? [judgeBroken(measured.message)] : judgeHealth(monitor, measured);
    if (judgements.length === 0) return [];
    const eventTime = isBroken ? clock.now() : measured.measuredAt;
    const common = { monitor: name, endpoint: null, view: view.reference, kind, eventTime };
    const results = judgements.map(
      (judgement): MonitorResult => ({ ...common, ...figuresOf(judgement), checkedAt: clock.now() }),
    );
    const rows = results.map((result): NewResult => ({ ...result, workspace, model: view.reference }));
    await transact(db, (tx) => monitoringStore(tx).insertResults(rows));
    await deps.recorded(workspace, name, results);
    await alerts.observe({
      ...{ workspace, monitor: name, endpoint: null, view: view.reference, kind, model: view.reference },
      ...{ eventTime, webhook },
      causes: judgements.filter(({ breached }) => breached).map(toViewCause),
      // All of it was looked at, so one look without a fault is proof.
      cleanChecks: 1,
      cleared: clearedBy(judgements),
    });
    return results;
  }

  return {
    ask,
    check,

    /** @throws featureViewNotFound, monitorInvalid */
    async assertWatchable(
      name: string,
      definition: Omit<StoredMonitor, 'createdAt' | 'name'>,
    ): Promise<void> {
      const view = await features.resolveView(definition.view ?? '', definition.workspace);
      const invalid = (reason: string) => errors.monitorInvalid({ name, reason });
      if (definition.kind === 'freshness' && view.freshness === null)
        throw invalid(
          `${view.reference} has no freshness objective: define it with freshness, such as '26h'`,
        );
      if (definition.kind === 'feature-drift' && view.aggregations.length > 0)
        throw invalid(
          `no drift is measured of ${view.reference}, whose windows overlap: watch a view of its events as they are`,
        );
      const known = view.features.map((feature) => feature.name);
      const unknown = definition.columns?.find((column) => !known.includes(column));
      if (unknown !== undefined)
        throw invalid(`${view.reference} has no feature '${unknown}' (it has ${known.join(', ')})`);
    },

    async askAll(): Promise<void> {
      for (const { workspace, endpoint } of await monitoringStore(db).listWatchedEndpoints())
        if (endpoint.startsWith('view:'))
          await transact(db, (tx) => ask(tx, workspace, endpoint.slice('view:'.length)));
    },
  };
}

export type ViewMonitors = ReturnType<typeof createViewMonitors>;

const figuresOf = ({ column, statistic, value, threshold, breached, rows }: ViewJudgement) => ({
  ...{ column, statistic, value, threshold, breached, rows },
});

const clearedBy = (judgements: readonly ViewJudgement[]): string =>
  judgements.find(({ statistic }) => statistic === 'age-ms' || statistic === 'wrong')?.text ??
  'nothing is beyond its threshold any more';

/** What the user can mend is a finding; what is ours is a failure. */
function asBroken(error: unknown): TidemillError {
  if (error instanceof TidemillError && error.code === 'featureViewBroken') return error;
  throw error;
}
