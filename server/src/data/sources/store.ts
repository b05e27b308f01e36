import type { SourceSchedule } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { SourcePullsTable, SourcesTable } from '../../adapters/db/tables/sources.ts';
import { keptPulls, type StoredPull, type StoredSource } from './rules.ts';

/** Names shown when one is not found. */
const shownNames = 20;

export const sourceStore = (db: Db) => ({
  /** False when the name is taken. */
  async insert(source: StoredSource): Promise<boolean> {
    const row = await db
      .insertInto('sources')
      .values({ id: source.id, workspace: source.workspace, name: source.name, ...toColumns(source) })
      .onConflict((conflict) => conflict.columns(['workspace', 'name']).doNothing())
      .returning('id')
      .executeTakeFirst();
    return row !== undefined;
  },

  async save(source: StoredSource): Promise<void> {
    await db.updateTable('sources').set(toColumns(source)).where('id', '=', source.id).execute();
  },

  async find(workspace: string, name: string): Promise<StoredSource | null> {
    const row = await db
      .selectFrom('sources')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .executeTakeFirst();
    return row ? toSource(row) : null;
  },

  async findById(id: string): Promise<StoredSource | null> {
    const row = await db.selectFrom('sources').selectAll().where('id', '=', id).executeTakeFirst();
    return row ? toSource(row) : null;
  },

  async list(workspace: string, after: string | undefined, limit: number): Promise<StoredSource[]> {
    let query = db.selectFrom('sources').selectAll().where('workspace', '=', workspace);
    if (after !== undefined) query = query.where('name', '>', after);
    return (await query.orderBy('name').limit(limit).execute()).map(toSource);
  },

  async listNames(workspace: string): Promise<string[]> {
    const rows = await db
      .selectFrom('sources')
      .select('name')
      .where('workspace', '=', workspace)
      .orderBy('name')
      .limit(shownNames)
      .execute();
    return rows.map(({ name }) => name);
  },

  async saveNextPull(id: string, at: number | null): Promise<void> {
    await db.updateTable('sources').set({ next_pull_at: at }).where('id', '=', id).execute();
  },

  /** False when another pull is active. */
  async takeTurn(id: string, pull: string): Promise<boolean> {
    const result = await db
      .updateTable('sources')
      .set({ active_pull: pull })
      .where('id', '=', id)
      .where('active_pull', 'is', null)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  /** What the end of a pull leaves for the next one. */
  async endTurn(
    id: string,
    pull: string,
    reached: { cursorValue?: string | null | undefined; validator?: string | null | undefined } = {},
  ): Promise<void> {
    const { cursorValue, validator } = reached;
    await db
      .updateTable('sources')
      .set({
        active_pull: null,
        ...(cursorValue !== undefined && { cursor_value: cursorValue }),
        ...(validator !== undefined && { validator }),
      })
      .where('id', '=', id)
      .where('active_pull', '=', pull)
      .execute();
  },

  async delete(id: string): Promise<void> {
    await db.deleteFrom('source_pulls').where('source', '=', id).execute();
    await db.deleteFrom('sources').where('id', '=', id).execute();
  },
});

export const pullStore = (db: Db) => ({
  async insert(pull: StoredPull): Promise<void> {
    await db
      .insertInto('source_pulls')
      .values({
        id: pull.id,
        source: pull.source,
        task: pull.task,
        trigger: pull.trigger,
        is_full: pull.isFull ? 1 : 0,
        accepted: pull.accepted && json(pull.accepted),
        created_at: pull.createdAt,
        created_by: pull.createdBy,
        ...toProgress(pull),
      })
      .execute();
  },

  /** False when it had ended: it was cancelled, or another process has finished it. */
  async save(pull: StoredPull): Promise<boolean> {
    const result = await db
      .updateTable('source_pulls')
      .set(toProgress(pull))
      .where('id', '=', pull.id)
      .where('state', 'in', ['queued', 'running'])
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  async saveBytes(id: string, bytes: number): Promise<void> {
    await db
      .updateTable('source_pulls')
      .set({ bytes })
      .where('id', '=', id)
      .where('state', '=', 'running')
      .execute();
  },

  async find(source: string, id: string): Promise<StoredPull | null> {
    const row = await db
      .selectFrom('source_pulls')
      .selectAll()
      .where('source', '=', source)
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? toPull(row) : null;
  },

  async list(source: string, before: string | undefined, limit: number): Promise<StoredPull[]> {
    let query = db.selectFrom('source_pulls').selectAll().where('source', '=', source);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toPull);
  },

  /** The newest pull of each. */
  async listLast(sources: readonly string[]): Promise<Map<string, StoredPull>> {
    if (sources.length === 0) return new Map();
    const newest = db
      .selectFrom('source_pulls')
      .select((e) => e.fn.max('id').as('id'))
      .where('source', 'in', sources)
      .groupBy('source');
    const rows = await db.selectFrom('source_pulls').selectAll().where('id', 'in', newest).execute();
    return new Map(rows.map((row) => [row.source, toPull(row)]));
  },

  /** Forgets what ended before the newest ones that are kept. */
  async prune(source: string): Promise<void> {
    const oldest = await db
      .selectFrom('source_pulls')
      .select('id')
      .where('source', '=', source)
      .orderBy('id', 'desc')
      .offset(keptPulls)
      .limit(1)
      .executeTakeFirst();
    if (!oldest) return;
    await db
      .deleteFrom('source_pulls')
      .where('source', '=', source)
      .where('id', '<=', oldest.id)
      .where('state', 'not in', ['queued', 'running'])
      .execute();
  },
});

const toColumns = (source: StoredSource) => ({
  dataset: source.dataset,
  origin: json(source.from),
  location: source.location,
  secret_names: json(source.secrets),
  format: source.format,
  mapping: source.mapping,
  date_format: source.dateFormat,
  mode: source.mode,
  key_columns: source.key,
  cursor_column: source.cursor?.column ?? null,
  cursor_lookback: source.cursor?.lookback ?? null,
  cursor_value: source.cursor?.value ?? null,
  schedule: source.schedule && json(source.schedule),
  next_pull_at: source.nextPullAt,
  validator: source.validator,
  active_pull: source.activePull,
  created_at: source.createdAt,
  updated_at: source.updatedAt,
  created_by: source.createdBy,
});

const toSource = (row: Selectable<SourcesTable>): StoredSource => ({
  id: row.id,
  workspace: row.workspace,
  name: row.name,
  dataset: row.dataset,
  from: parseJson(row.origin),
  location: row.location,
  secrets: parseJson(row.secret_names),
  format: row.format as StoredSource['format'],
  mapping: row.mapping,
  dateFormat: row.date_format,
  mode: row.mode as StoredSource['mode'],
  key: row.key_columns,
  cursor:
    row.cursor_column === null
      ? null
      : { column: row.cursor_column, lookback: row.cursor_lookback, value: row.cursor_value },
  schedule: row.schedule === null ? null : parseJson<Required<SourceSchedule>>(row.schedule),
  nextPullAt: row.next_pull_at,
  validator: row.validator,
  activePull: row.active_pull,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  createdBy: row.created_by,
});

const toProgress = (pull: StoredPull) => ({
  state: pull.state,
  bytes: pull.bytes,
  row_count: pull.rows,
  version: pull.version,
  cursor_column: pull.cursor?.column ?? null,
  cursor_from: pull.cursor?.from ?? null,
  cursor_to: pull.cursor?.to ?? null,
  change: pull.change && json(pull.change),
  found: pull.found && json(pull.found),
  error_code: pull.error?.code ?? null,
  error: pull.error?.message ?? null,
  started_at: pull.startedAt,
  finished_at: pull.finishedAt,
});

const toPull = (row: Selectable<SourcePullsTable>): StoredPull => ({
  id: row.id,
  source: row.source,
  task: row.task,
  trigger: row.trigger as StoredPull['trigger'],
  state: row.state as StoredPull['state'],
  isFull: row.is_full === 1,
  accepted: row.accepted === null ? null : parseJson(row.accepted),
  found: row.found === null ? null : parseJson(row.found),
  bytes: row.bytes,
  rows: row.row_count,
  version: row.version,
  cursor:
    row.cursor_column === null
      ? null
      : { column: row.cursor_column, from: row.cursor_from, to: row.cursor_to },
  change: row.change === null ? null : parseJson(row.change),
  error: row.error === null ? null : { code: row.error_code ?? 'internal', message: row.error },
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  createdBy: row.created_by,
});
