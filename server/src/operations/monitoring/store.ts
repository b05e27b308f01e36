import type { Monitor, MonitorResult } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson, toBatches } from '../../adapters/db/db.ts';
import type { MonitorResultsTable, MonitorsTable } from '../../adapters/db/tables/monitoring.ts';
import { subjectOf } from '../alerts/service.ts';

export interface StoredMonitor extends Monitor {
  readonly workspace: string;
}
export type NewResult = MonitorResult & { readonly workspace: string; readonly model: string };

/** Where a page of results goes on. */
export interface ResultCursor {
  readonly eventTime: number;
  readonly id: number;
}

export const isResultCursor = (value: unknown): value is ResultCursor =>
  typeof value === 'object' && value !== null && 'eventTime' in value && 'id' in value;

export const monitoringStore = (db: Db) => ({
  async save(monitor: StoredMonitor, actor: string): Promise<void> {
    const { workspace, name, endpoint = null, createdAt, ...definition } = monitor;
    const subject = subjectOf({ endpoint, view: monitor.view });
    const row = { endpoint: subject, definition: json(definition) };
    await db
      .insertInto('monitors')
      .values({ workspace, name, ...row, created_at: createdAt, created_by: actor })
      .onConflict((conflict) => conflict.columns(['workspace', 'name']).doUpdateSet(row))
      .execute();
  },

  async find(workspace: string, name: string): Promise<StoredMonitor | null> {
    const row = await db
      .selectFrom('monitors')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .executeTakeFirst();
    return row ? toMonitor(row) : null;
  },

  async list(filter: {
    workspace: string;
    /** An endpoint's name, or `view:price_stats`. */
    subject?: string | undefined;
    after?: string | undefined;
    limit?: number | undefined;
  }): Promise<StoredMonitor[]> {
    let query = db.selectFrom('monitors').selectAll().where('workspace', '=', filter.workspace);
    if (filter.subject !== undefined) query = query.where('endpoint', '=', filter.subject);
    if (filter.after !== undefined) query = query.where('name', '>', filter.after);
    if (filter.limit !== undefined) query = query.limit(filter.limit);
    return (await query.orderBy('name').execute()).map(toMonitor);
  },

  async listWatchedEndpoints(): Promise<{ workspace: string; endpoint: string }[]> {
    return db.selectFrom('monitors').select(['workspace', 'endpoint']).distinct().execute();
  },

  async delete(workspace: string, name: string): Promise<void> {
    for (const table of ['monitor_results', 'monitors'] as const) {
      const query = db.deleteFrom(table).where('workspace', '=', workspace);
      await query.where(table === 'monitors' ? 'name' : 'monitor', '=', name).execute();
    }
  },

  /** A window judged again (a late row of the same moment) replaces what was said of it. */
  async insertResults(results: readonly NewResult[]): Promise<void> {
    const rows = results.map((result) => ({
      workspace: result.workspace,
      monitor: result.monitor,
      endpoint: subjectOf(result),
      kind: result.kind,
      model: result.model,
      event_time: result.eventTime,
      column_name: result.column,
      statistic: result.statistic,
      value: result.value,
      threshold: result.threshold,
      breached: result.breached ? 1 : 0,
      row_count: result.rows,
      checked_at: result.checkedAt,
    }));
    for (const batch of toBatches(rows)) {
      await db
        .insertInto('monitor_results')
        .values(batch)
        .onConflict((conflict) =>
          conflict
            .columns(['workspace', 'monitor', 'model', 'event_time', 'column_name', 'statistic'])
            .doUpdateSet((set) => ({
              value: set.ref('excluded.value'),
              threshold: set.ref('excluded.threshold'),
              breached: set.ref('excluded.breached'),
              row_count: set.ref('excluded.row_count'),
              checked_at: set.ref('excluded.checked_at'),
            })),
        )
        .execute();
    }
  },

  /** Keeps the newest `keep` results of a monitor. */
  async pruneResults(workspace: string, monitor: string, keep: number): Promise<void> {
    const own = db
      .selectFrom('monitor_results')
      .where('workspace', '=', workspace)
      .where('monitor', '=', monitor);
    const oldest = await own.select('id').orderBy('id', 'desc').offset(keep).limit(1).executeTakeFirst();
    if (!oldest) return;
    await db
      .deleteFrom('monitor_results')
      .where('workspace', '=', workspace)
      .where('monitor', '=', monitor)
      .where('id', '<=', oldest.id)
      .execute();
  },

  /** Event time of the newest window judged, whatever model was live. */
  async findLastJudged(workspace: string, monitor: string): Promise<number | null> {
    const row = await db
      .selectFrom('monitor_results')
      .select((select) => select.fn.max('event_time').as('last'))
      .where('workspace', '=', workspace)
      .where('monitor', '=', monitor)
      .executeTakeFirst();
    return row?.last == null ? null : Number(row.last);
  },

  /** Newest event time first. */
  async listResults(filter: {
    workspace: string;
    monitor?: string | undefined;
    endpoint?: string | undefined;
    column?: string | undefined;
    before?: ResultCursor | undefined;
    limit: number;
  }): Promise<(MonitorResult & { id: number })[]> {
    const { before } = filter;
    let query = db.selectFrom('monitor_results').selectAll().where('workspace', '=', filter.workspace);
    if (filter.monitor !== undefined) query = query.where('monitor', '=', filter.monitor);
    if (filter.endpoint !== undefined) query = query.where('endpoint', '=', filter.endpoint);
    if (filter.column !== undefined) query = query.where('column_name', '=', filter.column);
    if (before !== undefined) {
      query = query.where((e) =>
        e.or([
          e('event_time', '<', before.eventTime),
          e.and([e('event_time', '=', before.eventTime), e('id', '<', before.id)]),
        ]),
      );
    }
    const rows = await query
      .orderBy('event_time', 'desc')
      .orderBy('id', 'desc')
      .limit(filter.limit)
      .execute();
    return rows.map(toResult);
  },
});

const isView = (subject: string): boolean => subject.startsWith('view:');

const toMonitor = (row: Selectable<MonitorsTable>): StoredMonitor => ({
  ...parseJson<Pick<Monitor, 'kind'>>(row.definition),
  workspace: row.workspace,
  name: row.name,
  ...(!isView(row.endpoint) && { endpoint: row.endpoint }),
  createdAt: row.created_at,
});

const toResult = (row: Selectable<MonitorResultsTable>): MonitorResult & { id: number } => ({
  id: row.id,
  monitor: row.monitor,
  endpoint: isView(row.endpoint) ? null : row.endpoint,
  // The model of a view's result is the version that was measured.
  ...(isView(row.endpoint) && { view: row.model }),
  kind: row.kind,
  eventTime: row.event_time,
  column: row.column_name,
  statistic: row.statistic,
  value: row.value,
  threshold: row.threshold,
  breached: row.breached === 1,
  rows: row.row_count,
  checkedAt: row.checked_at,
});
