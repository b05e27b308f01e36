import type { Materialization } from '@tidemill/contract';
import { type Db, json, parseJson } from '../../../adapters/db/db.ts';
import { formatReference } from '../../../base/references.ts';

/** What a run found; empty until it ends. */
export interface MaterializationResult {
  readonly unchanged: boolean;
  readonly entities: number;
  readonly written: number;
  readonly newestEventTime: number | null;
  readonly pending: number;
  readonly bindings: Record<string, string>;
}

export const emptyResult: MaterializationResult = {
  unchanged: false,
  entities: 0,
  written: 0,
  newestEventTime: null,
  pending: 0,
  bindings: {},
};

type State = Materialization['state'];

export interface NewMaterialization {
  readonly id: string;
  readonly workspace: string;
  readonly name: string;
  readonly version: number;
  readonly mode: Materialization['mode'];
  readonly trigger: Materialization['trigger'];
  readonly actor: string;
  readonly now: number;
}

const open: readonly State[] = ['queued', 'running'];

export const materializationStore = (db: Db) => ({
  async insert(run: NewMaterialization): Promise<void> {
    await db
      .insertInto('feature_materializations')
      .values({
        id: run.id,
        workspace: run.workspace,
        view: run.name,
        number: run.version,
        mode: run.mode,
        trigger_kind: run.trigger,
        state: 'queued',
        result: json(emptyResult),
        error: null,
        created_at: run.now,
        started_at: null,
        finished_at: null,
        created_by: run.actor,
      })
      .execute();
  },

  /** False when it has ended already. */
  async start(id: string, now: number): Promise<boolean> {
    const updated = await db
      .updateTable('feature_materializations')
      .set((e) => ({ state: 'running', started_at: e.fn.coalesce('started_at', e.val(now)) }))
      .where('id', '=', id)
      .where('state', 'in', open)
      .executeTakeFirst();
    return updated.numUpdatedRows > 0n;
  },

  async end(
    id: string,
    end: { state: State; result?: MaterializationResult; error?: string; now: number },
  ): Promise<boolean> {
    const updated = await db
      .updateTable('feature_materializations')
      .set({
        state: end.state,
        error: end.error ?? null,
        finished_at: end.now,
        ...(end.result && { result: json(end.result) }),
      })
      .where('id', '=', id)
      .where('state', 'in', open)
      .executeTakeFirst();
    return updated.numUpdatedRows > 0n;
  },

  async find(id: string, workspace?: string): Promise<Materialization | null> {
    const found = rows(db).where('id', '=', id);
    const row = await (workspace === undefined
      ? found
      : found.where('workspace', '=', workspace)
    ).executeTakeFirst();
    return row ? toMaterialization(row) : null;
  },

  async list(workspace: string, view: string, before: string | undefined, limit: number) {
    let query = rows(db).where('workspace', '=', workspace).where('view', '=', view);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toMaterialization);
  },

  /** The last that ended well; what an incremental one goes on from. */
  async findLast(workspace: string, view: string, number: number): Promise<Materialization | null> {
    const row = await rows(db)
      .where('workspace', '=', workspace)
      .where('view', '=', view)
      .where('number', '=', number)
      .where('state', '=', 'succeeded')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ? toMaterialization(row) : null;
  },

  /** Versions of the view that have been brought online. */
  async listNumbers(workspace: string, view: string): Promise<number[]> {
    const found = await db
      .selectFrom('feature_materializations')
      .select('number')
      .distinct()
      .where('workspace', '=', workspace)
      .where('view', '=', view)
      .where('state', '=', 'succeeded')
      .execute();
    return found.map(({ number }) => number);
  },

  /** Ids of those of these versions that have not ended. */
  async listOpen(workspace: string, view: string, numbers: readonly number[]): Promise<string[]> {
    const found = await ofVersions(db, workspace, view, numbers).where('state', 'in', open).execute();
    return found.map(({ id }) => id);
  },

  /** Ids of those that write to the version just now or did when their process died, or that wait to. */
  async listIn(state: 'queued' | 'running', workspace: string, view: string, number: number) {
    const found = await ofVersions(db, workspace, view, [number]).where('state', '=', state).execute();
    return found.map(({ id }) => id);
  },

  /** Whether one waits that has not begun: it will read what is newest then. */
  async isQueued(workspace: string, view: string, number: number): Promise<boolean> {
    const row = await rows(db)
      .where('workspace', '=', workspace)
      .where('view', '=', view)
      .where('number', '=', number)
      .where('state', '=', 'queued')
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  },
});

const rows = (db: Db) => db.selectFrom('feature_materializations').selectAll();

const ofVersions = (db: Db, workspace: string, view: string, numbers: readonly number[]) =>
  db
    .selectFrom('feature_materializations')
    .select('id')
    .where('workspace', '=', workspace)
    .where('view', '=', view)
    .where('number', 'in', numbers);

type StoredRow = Awaited<ReturnType<ReturnType<typeof rows>['execute']>>[number];

const toMaterialization = (row: StoredRow): Materialization => ({
  id: row.id,
  view: formatReference(row.view, row.number),
  mode: row.mode as Materialization['mode'],
  trigger: row.trigger_kind as Materialization['trigger'],
  state: row.state as State,
  ...parseJson<MaterializationResult>(row.result),
  error: row.error,
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  createdBy: row.created_by,
});
