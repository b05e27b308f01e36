import type { Input, Monitor, MonitorResult, monitoringEndpoints, Page } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import type { Events } from '../../platform/events/service.ts';
import { type Alerts, subjectOf } from '../alerts/service.ts';
import { tellBreached } from './breaches.ts';
import { createCheckSchedule } from './check-schedule.ts';
import { isSame, nameOfView, nothingMeasured } from './definitions.ts';
import {
  createEndpointWindows,
  type EndpointWindow,
  type EndpointWindowDependencies,
} from './endpoint-window.ts';
import { createHeadlines } from './headlines.ts';
import { createReferences, type ReferencesDependencies } from './references.ts';
import { problemOf, toCause } from './rules.ts';
import { createSkew } from './skew.ts';
import {
  isResultCursor,
  monitoringStore,
  type NewResult,
  type ResultCursor,
  type StoredMonitor,
} from './store.ts';
import { problemOfSubject } from './view-judge.ts';
import { createViewMonitors, type ViewMonitorsDependencies, viewSubject } from './view-monitors.ts';
import { type JudgedTime, judgeMonitor, rowsAt } from './window-judge.ts';

export interface MonitoringDependencies
  extends Omit<ReferencesDependencies, 'datasets'>,
    Omit<ViewMonitorsDependencies, 'recorded' | 'events' | 'alerts'>,
    Omit<EndpointWindowDependencies, 'datasets'> {
  readonly db: Db;
  readonly changes: Changes;
  readonly events: Pick<Events, 'on' | 'emit'>;
  readonly alerts: ViewMonitorsDependencies['alerts'] & Pick<Alerts, 'endReplaced'>;
  readonly datasets: ReferencesDependencies['datasets'] & EndpointWindowDependencies['datasets'];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs?: number;
}

type Contract = typeof monitoringEndpoints;

/** Results kept per monitor. */
const keptResults = 5000;
const pruneEvery = 250;

/** Whether what an endpoint sees and says is still what its model was made for. */
export function createMonitoring(deps: MonitoringDependencies) {
  const { db, changes, events, alerts, clock, logger } = deps;
  const references = createReferences(deps);
  const skew = createSkew(deps);
  const windows = createEndpointWindows(deps);
  /** Event time of the newest window judged, and how many rows it had, per monitor and model. */
  const judged = new Map<string, { eventTime: number | null; rows: number }>();
  const liveModels = new Map<string, string>();
  const unpruned = new Map<string, number>();
  const curves = createHeadlines(async (workspace, monitor) =>
    (await monitoringStore(db).listResults({ workspace, monitor, limit: keptResults })).map(toResult),
  );
  const views = createViewMonitors({
    ...deps,
    recorded: async (workspace, monitor, results) => {
      curves.add(workspace, monitor, results);
      await prune(workspace, monitor, results.length);
    },
  });
  const schedule = createCheckSchedule({
    check: checkEndpoint,
    onFailed: (error, endpoint) => logger.error({ err: error, endpoint }, 'monitors could not be checked'),
    ...(deps.intervalMs !== undefined && { intervalMs: deps.intervalMs }),
  });
  events.on('monitoring', ['predictions.logged', 'outcomes.recorded', 'endpoint.released'], async (event) => {
    const { endpoint } = event.payload;
    if (isText(endpoint)) schedule.ask(event.workspace, endpoint);
  });

  async function get(name: string, workspace: string): Promise<StoredMonitor> {
    const found = await monitoringStore(db).find(workspace, name);
    if (found) return found;
    const names = (await monitoringStore(db).list({ workspace, limit: 20 })).map((monitor) => monitor.name);
    const known = names.length > 0 ? `There are ${names.join(', ')}` : 'None has been declared yet';
    throw errors.monitorNotFound({ name, known });
  }

  async function checkEndpoint(workspace: string, endpoint: string): Promise<void> {
    const monitors = await monitoringStore(db).list({ workspace, subject: endpoint });
    if (monitors.length === 0) return;
    const window = await windows.read(workspace, endpoint, monitors).catch(asDeleted);
    if (window === null) return;
    await followLiveModel(window);
    const breached: string[] = [];
    let eventTime = Number.NEGATIVE_INFINITY;
    for (const monitor of monitors) {
      const results = await check(window, monitor).catch((error) => {
        logger.error({ err: error, monitor: monitor.name }, 'monitor could not be checked');
        return [];
      });
      if (results.some((result) => result.breached)) breached.push(monitor.name);
      eventTime = Math.max(eventTime, ...results.map((result) => result.eventTime));
    }
    if (breached.length > 0) await tellBreached(deps, workspace, endpoint, { monitors: breached, eventTime });
  }

  /** A promotion changes what windows are held against; alerts of the old model are settled. */
  async function followLiveModel({ workspace, endpoint, live }: EndpointWindow): Promise<void> {
    const key = `${workspace}/${endpoint}`;
    if (liveModels.get(key) === live.reference) return;
    await alerts.endReplaced(workspace, endpoint, live.reference);
    liveModels.set(key, live.reference);
  }

  /** The windows that came since the last check; all results of them. */
  async function check(window: EndpointWindow, monitor: StoredMonitor): Promise<MonitorResult[]> {
    const last = await lastJudged(window, monitor);
    const found = await judgeMonitor({ references, skew }, window, monitor, last);
    return 'problem' in found ? [] : record(window, monitor, found.times);
  }

  const judgedKey = (window: EndpointWindow, monitor: StoredMonitor): string =>
    `${window.workspace}/${monitor.name}/${window.live.reference}`;

  /** A late row of the newest moment makes its window a new one. */
  async function lastJudged(window: EndpointWindow, monitor: StoredMonitor): Promise<number | null> {
    const { workspace } = window;
    const found = judged.get(judgedKey(window, monitor));
    // A new live model goes on where the old one was judged last: the days before were not its own.
    if (!found) return monitoringStore(db).findLastJudged(workspace, monitor.name);
    const { eventTime, rows } = found;
    return eventTime !== null && rowsAt(window, monitor, eventTime) !== rows ? eventTime - 1 : eventTime;
  }

  async function record(
    window: EndpointWindow,
    monitor: StoredMonitor,
    times: readonly JudgedTime[],
  ): Promise<MonitorResult[]> {
    const newest = times.at(-1);
    if (!newest) return [];
    const { workspace, endpoint, live } = window;
    const { name, kind, webhook = null } = monitor;
    const common = { workspace, monitor: name, endpoint, kind, model: live.reference };
    const results = times.flatMap(({ eventTime, judgements }) =>
      judgements.map(({ text: _text, evidence: _evidence, ...judgement }): NewResult => {
        return { ...common, ...judgement, eventTime, checkedAt: clock.now() };
      }),
    );
    await transact(db, (tx) => monitoringStore(tx).insertResults(results));
    for (const { eventTime, judgements } of times) {
      const causes = judgements.filter(({ breached }) => breached).map(toCause);
      await alerts.observe({ ...common, eventTime, causes, webhook });
    }
    const { eventTime } = newest;
    judged.set(judgedKey(window, monitor), { eventTime, rows: rowsAt(window, monitor, eventTime) });
    await prune(workspace, name, results.length);
    const told = results.map(({ workspace: _workspace, model: _model, ...result }) => result);
    curves.add(workspace, name, told);
    return told;
  }

  async function prune(workspace: string, monitor: string, added: number): Promise<void> {
    const key = `${workspace}/${monitor}`;
    const count = (unpruned.get(key) ?? 0) + added;
    unpruned.set(key, count >= pruneEvery ? 0 : count);
    if (count >= pruneEvery) await monitoringStore(db).pruneResults(workspace, monitor, keptResults);
  }

  return {
    async put(input: Input<Contract['put']>, caller: Caller): Promise<Monitor & { unchanged: boolean }> {
      const { name, ...definition } = input;
      const { workspace } = caller;
      const problem = problemOfSubject(definition) ?? problemOf(definition);
      if (problem !== null) throw errors.monitorInvalid({ name, reason: problem });
      if (input.endpoint !== undefined) await deps.endpoints.currentDefinition(input.endpoint, workspace);
      else await views.assertWatchable(name, { ...definition, workspace });
      if (input.reference !== undefined) await deps.datasets.resolve(input.reference, workspace);
      const { monitor, unchanged } = await changes.run(caller, async (tx, note) => {
        const store = monitoringStore(tx);
        const found = await store.find(workspace, name);
        const fresh = { ...definition, workspace, name, createdAt: found?.createdAt ?? clock.now() };
        if (found && isSame(found, fresh)) return { monitor: found, unchanged: true };
        await store.save(fresh, caller.actor);
        note({
          action: found ? 'monitor.changed' : 'monitor.declared',
          subject: toUri('monitor', name),
          detail: { ...definition },
        });
        if (fresh.view !== undefined) await views.ask(tx, workspace, nameOfView(fresh.view));
        return { monitor: fresh, unchanged: false };
      });
      if (!unchanged) {
        for (const key of judged.keys()) if (key.startsWith(`${workspace}/${name}/`)) judged.delete(key);
        if (input.endpoint !== undefined) schedule.ask(workspace, input.endpoint);
      }
      return { ...toMonitor(monitor), unchanged };
    },

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<Monitor>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const subject = input.view === undefined ? input.endpoint : viewSubject(input.view);
      const filter = { workspace: caller.workspace, subject, after, limit: limit + 1 };
      const page = toPage(await monitoringStore(db).list(filter), limit, (monitor) => monitor.name);
      return { ...page, items: page.items.map(toMonitor) };
    },

    get: async (input: { name: string }, caller: Caller): Promise<Monitor> =>
      toMonitor(await get(input.name, caller.workspace)),

    async delete(input: { name: string }, caller: Caller): Promise<Record<string, never>> {
      const { endpoint = null, view, automatic } = await get(input.name, caller.workspace);
      if (automatic) throw errors.monitorAutomatic({ name: input.name, view: view ?? '' });
      await changes.run(caller, async (tx, note) => {
        await monitoringStore(tx).delete(caller.workspace, input.name);
        const detail = { endpoint, ...(view !== undefined && { view }) };
        note({ action: 'monitor.deleted', subject: toUri('monitor', input.name), detail });
        if (view !== undefined) await views.ask(tx, caller.workspace, nameOfView(view));
      });
      curves.forget(caller.workspace, input.name);
      await alerts.endMonitor(caller.workspace, subjectOf({ endpoint, view }), input.name);
      return {};
    },

    /** Judges the newest window, also if it was judged before. @throws monitorNotReady */
    async check(input: { name: string }, caller: Caller): Promise<{ results: MonitorResult[] }> {
      const { workspace } = caller;
      const monitor = await get(input.name, workspace);
      const { endpoint } = monitor;
      if (endpoint === undefined) {
        const results = await views.check(monitor);
        if (results.length > 0) return { results };
        throw errors.monitorNotReady({ name: monitor.name, reason: nothingMeasured(monitor) });
      }
      return schedule.inLine(workspace, endpoint, async () => {
        const window = await windows.read(workspace, endpoint, [monitor]);
        await followLiveModel(window);
        const last = await lastJudged(window, monitor);
        const fresh = await judgeMonitor({ references, skew }, window, monitor, last);
        const isKnown = !('problem' in fresh) && fresh.times.length === 0;
        const found = isKnown ? await judgeMonitor({ references, skew }, window, monitor, null) : fresh;
        if ('problem' in found) throw errors.monitorNotReady({ name: monitor.name, reason: found.problem });
        const judgedNow = isKnown ? found.times.slice(-1) : found.times;
        const results = await record(window, monitor, judgedNow);
        return { results: results.filter((result) => result.eventTime === judgedNow.at(-1)?.eventTime) };
      });
    },

    async results(input: Input<Contract['results']>, caller: Caller): Promise<Page<MonitorResult>> {
      const { name, column } = input;
      await get(name, caller.workspace);
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isResultCursor);
      const filter = { workspace: caller.workspace, monitor: name, column, before, limit: limit + 1 };
      const rows = await monitoringStore(db).listResults(filter);
      const page = toPage(rows, limit, ({ eventTime, id }): ResultCursor => ({ eventTime, id }));
      return { ...page, items: page.items.map(toResult) };
    },

    /** The curve of every monitor of an endpoint: at each event time the result nearest to its threshold. */
    async headlines(workspace: string, endpoint: string): Promise<MonitorResult[]> {
      const monitors = await monitoringStore(db).list({ workspace, subject: endpoint });
      return (await Promise.all(monitors.map(({ name }) => curves.get(workspace, name)))).flat();
    },

    /** Resolves when all checks that were asked for are done. */
    settled: (): Promise<void> => schedule.settled(),

    /** Looks at every watched endpoint once: what came while nobody looked. */
    async start(): Promise<void> {
      for (const { workspace, endpoint } of await monitoringStore(db).listWatchedEndpoints())
        if (!endpoint.startsWith('view:')) schedule.ask(workspace, endpoint);
      await views.askAll();
    },

    stop: (): Promise<void> => schedule.stop(),
  };
}

export type Monitoring = ReturnType<typeof createMonitoring>;

const toMonitor = ({ workspace: _workspace, ...monitor }: StoredMonitor): Monitor => monitor;
const toResult = ({ id: _id, ...result }: MonitorResult & { id: number }): MonitorResult => result;

/** An endpoint deleted under its monitors has nothing to judge. */
function asDeleted(error: unknown): null {
  if (error instanceof TidemillError && error.code === 'endpointNotFound') return null;
  throw error;
}
