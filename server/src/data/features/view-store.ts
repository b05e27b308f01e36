import type { FeatureView } from '@tidemill/contract';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import { formatReference, toUri } from '../../base/references.ts';

const shownNames = 20;

export const viewStore = (db: Db) => ({
  /** Creates the row of the name and, on PostgreSQL, locks it: versions of one view are made one by one. */
  async ensureView(workspace: string, name: string, now: number): Promise<void> {
    await db
      .insertInto('feature_views')
      .values({ workspace, name, last_version: 0, updated_at: now })
      .onConflict((conflict) => conflict.columns(['workspace', 'name']).doUpdateSet({ name }))
      .execute();
  },

  async takeNumber(workspace: string, name: string, now: number): Promise<number> {
    const row = await db
      .updateTable('feature_views')
      .set((e) => ({ last_version: e('last_version', '+', 1), updated_at: now }))
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .returning('last_version')
      .executeTakeFirstOrThrow();
    return row.last_version;
  },

  async insertVersion(view: Omit<FeatureView, 'reference' | 'uri'>): Promise<void> {
    await db
      .insertInto('feature_view_versions')
      .values({
        workspace: view.workspace,
        view: view.name,
        number: view.version,
        description: view.description,
        sql: view.sql,
        entity: json(view.entity),
        event_time: view.eventTime,
        created_time: view.createdTime,
        ttl_days: view.ttlDays,
        features: json(view.features),
        datasets: json(view.datasets),
        created_at: view.createdAt,
        created_by: view.createdBy,
      })
      .execute();
  },

  async describe(workspace: string, name: string, version: number, description: string): Promise<void> {
    await db
      .updateTable('feature_view_versions')
      .set({ description })
      .where('workspace', '=', workspace)
      .where('view', '=', name)
      .where('number', '=', version)
      .execute();
  },

  async findVersion(workspace: string, name: string, number: number): Promise<FeatureView | null> {
    const row = await versions(db, workspace)
      .where('view', '=', name)
      .where('number', '=', number)
      .executeTakeFirst();
    return row ? toView(row) : null;
  },

  async findLatest(workspace: string, name: string): Promise<FeatureView | null> {
    const row = await versions(db, workspace)
      .where('view', '=', name)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ? toView(row) : null;
  },

  async list(workspace: string, after: string | undefined, limit: number): Promise<FeatureView[]> {
    let query = db
      .selectFrom('feature_view_versions as version')
      .innerJoin('feature_views as view', (join) =>
        join
          .onRef('view.workspace', '=', 'version.workspace')
          .onRef('view.name', '=', 'version.view')
          .onRef('view.last_version', '=', 'version.number'),
      )
      .selectAll('version')
      .where('version.workspace', '=', workspace);
    if (after !== undefined) query = query.where('version.view', '>', after);
    return (await query.orderBy('version.view').limit(limit).execute()).map(toView);
  },

  async listNames(workspace: string): Promise<string[]> {
    const rows = await db
      .selectFrom('feature_views')
      .select('name')
      .where('workspace', '=', workspace)
      .orderBy('name')
      .limit(shownNames)
      .execute();
    return rows.map((row) => row.name);
  },
});

const versions = (db: Db, workspace: string) =>
  db.selectFrom('feature_view_versions').selectAll().where('workspace', '=', workspace);

type VersionRow = Awaited<ReturnType<ReturnType<typeof versions>['execute']>>[number];

const toView = (row: VersionRow): FeatureView => ({
  workspace: row.workspace,
  name: row.view,
  version: row.number,
  reference: formatReference(row.view, row.number),
  uri: toUri('view', row.view, row.number),
  description: row.description,
  sql: row.sql,
  entity: parseJson(row.entity),
  eventTime: row.event_time,
  createdTime: row.created_time,
  ttlDays: row.ttl_days,
  features: parseJson(row.features),
  datasets: parseJson(row.datasets),
  createdAt: row.created_at,
  createdBy: row.created_by,
});
