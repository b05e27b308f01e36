import type { StudyKind, StudyReport, StudyState } from '@tidemill/contract';
import { type Db, json, parseJson } from '../../../adapters/db/db.ts';
import type { StudyInput } from './rules.ts';

export interface StoredStudy {
  readonly id: string;
  readonly workspace: string;
  readonly task: string;
  readonly kind: StudyKind;
  readonly state: StudyState;
  /** Null where a table of predictions is looked at. */
  readonly model: { readonly name: string; readonly version: number } | null;
  readonly dataset: string;
  readonly target: string;
  readonly error: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly finishedAt: number | null;
}

export interface StudyFilter {
  readonly workspace: string;
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly kind?: string | undefined;
  readonly state?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

const open = ['queued', 'running'];
const listed = [
  'id',
  'workspace',
  'task',
  'kind',
  'state',
  'model',
  'version',
  'dataset',
  'target',
  'error',
  'created_at',
  'created_by',
  'finished_at',
] as const;

interface Row {
  id: string;
  workspace: string;
  task: string;
  kind: string;
  state: string;
  model: string;
  version: number;
  dataset: string;
  target: string;
  error: string | null;
  created_at: number;
  created_by: string;
  finished_at: number | null;
}

const toStored = (row: Row): StoredStudy => ({
  id: row.id,
  workspace: row.workspace,
  task: row.task,
  kind: row.kind as StudyKind,
  state: row.state as StudyState,
  model: row.model === '' ? null : { name: row.model, version: row.version },
  dataset: row.dataset,
  target: row.target,
  error: row.error,
  createdAt: row.created_at,
  createdBy: row.created_by,
  finishedAt: row.finished_at,
});

export const studyStore = (db: Db) => ({
  async insert({ model, ...stored }: StoredStudy, request: StudyInput): Promise<void> {
    await db
      .insertInto('studies')
      .values({
        ...{ id: stored.id, workspace: stored.workspace, task: stored.task, kind: stored.kind },
        ...{ state: stored.state, model: model?.name ?? '', version: model?.version ?? 0 },
        ...{ dataset: stored.dataset, target: stored.target, request: json(request) },
        ...{ report: null, error: null, created_at: stored.createdAt, created_by: stored.createdBy },
        finished_at: null,
      })
      .execute();
  },

  async find(id: string): Promise<StoredStudy | null> {
    const row = await db.selectFrom('studies').select(listed).where('id', '=', id).executeTakeFirst();
    return row ? toStored(row) : null;
  },

  async findRequest(id: string): Promise<StudyInput> {
    const row = await db
      .selectFrom('studies')
      .select('request')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return parseJson<StudyInput>(row.request);
  },

  async findReport(id: string): Promise<StudyReport | null> {
    const row = await db.selectFrom('studies').select('report').where('id', '=', id).executeTakeFirst();
    return row?.report == null ? null : parseJson<StudyReport>(row.report);
  },

  /** False when it had ended. */
  async begin(id: string): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('studies')
      .set({ state: 'running' })
      .where('id', '=', id)
      .where('state', 'in', open)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  /** False when it had ended already: the first end stands. */
  async end(
    id: string,
    ended: {
      readonly state: StudyState;
      readonly report?: StudyReport;
      readonly error?: string;
      readonly at: number;
    },
  ): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('studies')
      .set({
        state: ended.state,
        finished_at: ended.at,
        report: ended.report ? json(ended.report) : null,
        error: ended.error ?? null,
      })
      .where('id', '=', id)
      .where('state', 'in', open)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  /** Newest first. */
  async list(filter: StudyFilter): Promise<StoredStudy[]> {
    const { model, version, kind, state, before } = filter;
    let query = db.selectFrom('studies').select(listed).where('workspace', '=', filter.workspace);
    if (model !== undefined) query = query.where('model', '=', model);
    if (version !== undefined) query = query.where('version', '=', version);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (state !== undefined) query = query.where('state', '=', state);
    if (before !== undefined) query = query.where('id', '<', before);
    const rows = await query.orderBy('id', 'desc').limit(filter.limit).execute();
    return rows.map(toStored);
  },

  /** Of each of the kinds the newest that succeeded and asked the model itself: a table of predictions can say anything. */
  async newest(
    workspace: string,
    { name, version }: { readonly name: string; readonly version: number },
    kinds: readonly StudyKind[],
  ): Promise<(StoredStudy & { readonly report: StudyReport })[]> {
    const rows = await db
      .selectFrom('studies')
      .select([...listed, 'report'])
      .where('id', 'in', (query) =>
        query
          .selectFrom('studies')
          .select(({ fn }) => fn.max('id').as('id'))
          .where('workspace', '=', workspace)
          .where('model', '=', name)
          .where('version', '=', version)
          .where('state', '=', 'succeeded')
          .where('kind', 'in', kinds)
          // As a key of the request; within a text of it the quotes would be escaped.
          .where('request', 'not like', '%"predictions":{%')
          .groupBy('kind'),
      )
      .execute();
    return rows.flatMap((row) =>
      row.report === null ? [] : [{ ...toStored(row), report: parseJson<StudyReport>(row.report) }],
    );
  },
});
