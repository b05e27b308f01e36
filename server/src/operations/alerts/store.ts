import type { Alert } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { AlertsTable } from '../../adapters/db/tables/alerts.ts';
import { breachKey, type MonitorKind, type StoredAlert, subjectOf } from './rules.ts';

export const alertStore = (db: Db) => {
  const ofWorkspace = (workspace: string) =>
    db.selectFrom('alerts').selectAll().where('workspace', '=', workspace);

  return {
    /** False when this breach has its alert already. */
    async insert(alert: StoredAlert): Promise<boolean> {
      const inserted = await db
        .insertInto('alerts')
        .values({
          id: alert.id,
          workspace: alert.workspace,
          monitor: alert.monitor,
          endpoint: subjectOf(alert),
          kind: alert.kind,
          model: alert.model,
          state: alert.state,
          title: alert.title,
          causes: json(alert.causes),
          event_time: alert.eventTime,
          opened_at: alert.openedAt,
          resolved_at: null,
          note: null,
          loop_run: null,
          clean_checks: 0,
          breach_key: breachKey(alert),
        })
        .onConflict((conflict) => conflict.columns(['workspace', 'breach_key']).doNothing())
        .returning('id')
        .executeTakeFirst();
      return inserted !== undefined;
    },

    async find(workspace: string, id: string): Promise<StoredAlert | null> {
      const row = await ofWorkspace(workspace).where('id', '=', id).executeTakeFirst();
      return row ? toAlert(row) : null;
    },

    /** Alerts of an endpoint or view whose breach lasts, also those closed by hand. */
    async listLasting(workspace: string, subject: string): Promise<StoredAlert[]> {
      const rows = await ofWorkspace(workspace)
        .where('endpoint', '=', subject)
        .where('breach_key', 'is not', null)
        .orderBy('id')
        .execute();
      return rows.map(toAlert);
    },

    async list(filter: {
      workspace: string;
      state?: string | undefined;
      states?: readonly string[] | undefined;
      subject?: string | undefined;
      before?: string | undefined;
      limit: number;
    }): Promise<StoredAlert[]> {
      let query = ofWorkspace(filter.workspace);
      if (filter.state !== undefined) query = query.where('state', '=', filter.state);
      if (filter.states !== undefined) query = query.where('state', 'in', filter.states);
      if (filter.subject !== undefined) query = query.where('endpoint', '=', filter.subject);
      if (filter.before !== undefined) query = query.where('id', '<', filter.before);
      return (await query.orderBy('id', 'desc').limit(filter.limit).execute()).map(toAlert);
    },

    async setCleanChecks(id: string, count: number): Promise<void> {
      await db.updateTable('alerts').set({ clean_checks: count }).where('id', '=', id).execute();
    },

    async setLoopRun(workspace: string, id: string, loopRun: string): Promise<void> {
      await db
        .updateTable('alerts')
        .set({ loop_run: loopRun })
        .where('workspace', '=', workspace)
        .where('id', '=', id)
        .execute();
    },

    async acknowledge(id: string, note: string | null): Promise<void> {
      await db.updateTable('alerts').set({ state: 'acknowledged', note }).where('id', '=', id).execute();
    },

    /** Closed for its readers; whether the breach lasts is another matter. */
    async resolve(id: string, now: number, note: string | null): Promise<void> {
      await db
        .updateTable('alerts')
        .set({ state: 'resolved', resolved_at: now, note })
        .where('id', '=', id)
        .where('state', '!=', 'resolved')
        .execute();
    },

    /** The breach is over: the next one opens a new alert. */
    async endBreach(id: string): Promise<void> {
      await db.updateTable('alerts').set({ breach_key: null }).where('id', '=', id).execute();
    },
  };
};

const toAlert = (row: Selectable<AlertsTable>): StoredAlert => ({
  id: row.id,
  workspace: row.workspace,
  monitor: row.monitor,
  endpoint: row.endpoint.startsWith('view:') ? null : row.endpoint,
  // The model of a view's alert is the version that it is about.
  ...(row.endpoint.startsWith('view:') && { view: row.model }),
  kind: row.kind as MonitorKind,
  model: row.model,
  state: row.state as Alert['state'],
  title: row.title,
  causes: parseJson(row.causes),
  eventTime: row.event_time,
  openedAt: row.opened_at,
  resolvedAt: row.resolved_at,
  loopRun: row.loop_run,
  cleanChecks: row.clean_checks,
});
