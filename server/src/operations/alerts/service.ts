import type { Alert, alertsEndpoints, Input, Page } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Notifier } from '../../adapters/notify/notify.ts';
import { type Caller, systemCaller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import type { Tasks } from '../../platform/tasks/service.ts';
import { type Observation, rankCauses, type StoredAlert, subjectOf, titleOf, transitionOf } from './rules.ts';
import { alertStore } from './store.ts';

export type { Cause, MonitorKind, Observation, StoredAlert } from './rules.ts';
export { subjectOf } from './rules.ts';

export interface AlertsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue'>;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Contract = typeof alertsEndpoints;
const webhookKind = 'alert-webhook';

/** What needs a person's eye, with its causes. One breach of one model's reference is one alert, however long it lasts. */
export function createAlerts({ db, changes, tasks, notifier, clock, logger }: AlertsDependencies) {
  tasks.register<{ alert: string; url: string }>(
    webhookKind,
    { concurrency: 4, maximumAttempts: 5 },
    async ({ workspace, payload, signal }) => {
      const alert = await get(payload.alert, workspace);
      const message = { event: 'alert.opened', body: toContract(alert), deliveryId: alert.id };
      const { status } = await notifier.send({ url: payload.url, ...message, signal });
      return { done: { status } };
    },
  );

  async function get(id: string, workspace: string): Promise<StoredAlert> {
    const found = await alertStore(db).find(workspace, id);
    if (!found) throw errors.alertNotFound({ id });
    return found;
  }

  async function open(observation: Observation): Promise<StoredAlert | null> {
    const { webhook, workspace } = observation;
    const causes = rankCauses(observation.causes);
    const { monitor: name, kind: what, model: against } = observation;
    const alert: StoredAlert = {
      ...{ workspace, monitor: name, kind: what, model: against },
      endpoint: observation.endpoint,
      ...(observation.view !== undefined && { view: observation.view }),
      eventTime: observation.eventTime,
      id: newId('alert'),
      causes,
      title: titleOf(causes),
      state: 'open',
      openedAt: clock.now(),
      resolvedAt: null,
      loopRun: null,
      cleanChecks: 0,
    };
    const { id, endpoint, view, kind, monitor, model, title, eventTime } = alert;
    const caller = systemCaller('monitoring', workspace);
    const isNew = await changes.run(caller, async (tx, record) => {
      if (!(await alertStore(tx).insert(alert))) return false;
      const detail = { id, endpoint, view, kind, monitor, model, title, eventTime };
      record({ action: 'alert.opened', subject: toUri('alert', id), detail });
      if (webhook === null) return true;
      await tasks.enqueue(tx, {
        kind: webhookKind,
        workspace,
        subject: toUri('alert', id),
        payload: { alert: id, url: webhook },
        actor: caller.actor,
        deduplicationKey: id,
      });
      return true;
    });
    if (!isNew) return null;
    logger.warn({ alert: id, endpoint, view, monitor, kind, model, eventTime }, `alert: ${title}`);
    return alert;
  }

  /** The breach is over; says so where a person has not closed the alert before. */
  async function end(alert: StoredAlert, reason: string): Promise<void> {
    await changes.run(systemCaller('monitoring', alert.workspace), async (tx, record) => {
      const store = alertStore(tx);
      await store.endBreach(alert.id);
      if (alert.state === 'resolved') return;
      await store.resolve(alert.id, clock.now(), reason);
      const { id, endpoint, view, kind, title } = alert;
      record({
        action: 'alert.resolved',
        subject: toUri('alert', id),
        detail: { id, endpoint, view, kind, title, reason },
      });
    });
    logger.info({ alert: alert.id, subject: subjectOf(alert) }, `alert resolved: ${reason}`);
  }

  async function change(
    action: 'alert.acknowledged' | 'alert.resolved',
    input: { id: string; note?: string | undefined },
    caller: Caller,
  ): Promise<Alert> {
    const { id, note = null } = input;
    await changes.run(caller, async (tx, record) => {
      const store = alertStore(tx);
      const found = await store.find(caller.workspace, id);
      if (!found) throw errors.alertNotFound({ id });
      if (found.state === 'resolved') throw errors.alertResolved({ id });
      if (action === 'alert.resolved') await store.resolve(id, clock.now(), note);
      else await store.acknowledge(id, note);
      const { endpoint, view, kind, title } = found;
      record({ action, subject: toUri('alert', id), detail: { id, endpoint, view, kind, title, note } });
    });
    return toContract(await get(id, caller.workspace));
  }

  return {
    /**
     * Tells what a monitor saw, in order of event time. Opens at most one alert per monitor and live model; it stays
     * until the windows are clean again or another model is live.
     */
    async observe(observation: Observation): Promise<void> {
      const { workspace, monitor, model, cleanChecks, cleared } = observation;
      const lasting = await alertStore(db).listLasting(workspace, subjectOf(observation));
      const found = lasting.find((alert) => alert.monitor === monitor && alert.model === model) ?? null;
      const transition = transitionOf(found, observation.causes.length > 0, cleanChecks);
      if (transition === 'open') await open(observation);
      if (found === null || transition === 'none') return;
      if (transition === 'resolve') return end(found, cleared ?? 'the windows are clean again');
      await alertStore(db).setCleanChecks(found.id, transition === 'count' ? found.cleanChecks + 1 : 0);
    },

    /** Another model is live: what was held against the old one's reference is settled. */
    async endReplaced(workspace: string, endpoint: string, model: string): Promise<void> {
      const lasting = await alertStore(db).listLasting(workspace, endpoint);
      for (const alert of lasting)
        if (alert.model !== model) await end(alert, `${model} is live instead of ${alert.model}`);
    },

    async endMonitor(workspace: string, subject: string, monitor: string): Promise<void> {
      const lasting = await alertStore(db).listLasting(workspace, subject);
      for (const alert of lasting) if (alert.monitor === monitor) await end(alert, 'its monitor was deleted');
    },

    /** Of what a monitor watched, only these versions are looked at now. */
    async endUnwatched(
      workspace: string,
      subject: string,
      monitor: string,
      models: readonly string[],
    ): Promise<void> {
      const lasting = await alertStore(db).listLasting(workspace, subject);
      for (const alert of lasting)
        if (alert.monitor === monitor && !models.includes(alert.model))
          await end(alert, `${alert.model} is not used any more`);
    },

    /** Whether something is wrong with it now. */
    hasLasting: async (workspace: string, subject: string): Promise<boolean> =>
      (await alertStore(db).listLasting(workspace, subject)).length > 0,

    /** Open and acknowledged alerts of an endpoint whose breach lasts, oldest first. */
    async listActive(workspace: string, endpoint: string): Promise<StoredAlert[]> {
      const lasting = await alertStore(db).listLasting(workspace, endpoint);
      return lasting.filter((alert) => alert.state !== 'resolved');
    },

    /** In the transaction that opens the loop run. */
    setLoopRun: (tx: Db, workspace: string, id: string, loopRun: string): Promise<void> =>
      alertStore(tx).setLoopRun(workspace, id, loopRun),

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<Alert>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const filter = { workspace: caller.workspace, before, limit: limit + 1 };
      const subject = input.view === undefined ? input.endpoint : `view:${input.view}`;
      const rows = await alertStore(db).list({ ...filter, state: input.state, subject });
      const page = toPage(rows, limit, (alert) => alert.id);
      return { ...page, items: page.items.map(toContract) };
    },

    get: async (input: { id: string }, caller: Caller): Promise<Alert> =>
      toContract(await get(input.id, caller.workspace)),
    acknowledge: (input: Input<Contract['acknowledge']>, caller: Caller): Promise<Alert> =>
      change('alert.acknowledged', input, caller),
    resolve: (input: Input<Contract['resolve']>, caller: Caller): Promise<Alert> =>
      change('alert.resolved', input, caller),
  };
}

export type Alerts = ReturnType<typeof createAlerts>;

const toContract = ({ workspace: _w, model: _m, cleanChecks: _c, ...alert }: StoredAlert): Alert => ({
  ...alert,
  causes: [...alert.causes],
});
