import type { ErasureHolder, SubjectPlace } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, insertRows, json, parseJson } from '../../adapters/db/db.ts';
import type { SubjectErasureHoldersTable, SubjectErasuresTable } from '../../adapters/db/tables/erasures.ts';
import { groupsOf } from '../../base/in-parallel.ts';
import type { SubjectKey } from './rules.ts';

export interface StoredErasure {
  readonly id: string;
  readonly workspace: string;
  readonly columns: string[];
  readonly key: SubjectKey | null;
  readonly salt: string;
  readonly keyDigest: string;
  readonly reason: string;
  readonly models: string[];
  readonly derived: string[];
  readonly createdAt: number;
  readonly createdBy: string;
  readonly finishedAt: number | null;
}

type StoredHolder = Omit<ErasureHolder, 'rows' | 'state'> & { readonly erasure: string };

export const erasureStore = (db: Db) => ({
  async insert(erasure: StoredErasure, holders: readonly string[]): Promise<void> {
    await db
      .insertInto('subject_erasures')
      .values({
        id: erasure.id,
        workspace: erasure.workspace,
        columns: json(erasure.columns),
        subject_key: erasure.key && json(erasure.key),
        salt: erasure.salt,
        key_digest: erasure.keyDigest,
        reason: erasure.reason,
        models: json(erasure.models),
        derived: json(erasure.derived),
        created_at: erasure.createdAt,
        created_by: erasure.createdBy,
        finished_at: null,
      })
      .execute();
    await db
      .insertInto('subject_erasure_holders')
      .values(
        holders.map((holder) => ({
          ...{ erasure: erasure.id, holder, attempts: 0, error: null, places: '[]', kept: 0 },
          acknowledged_at: null,
        })),
      )
      .execute();
  },

  async find(id: string): Promise<StoredErasure | null> {
    const row = await db.selectFrom('subject_erasures').selectAll().where('id', '=', id).executeTakeFirst();
    return row ? toErasure(row) : null;
  },

  async listRunning(workspace: string): Promise<StoredErasure[]> {
    const rows = await db
      .selectFrom('subject_erasures')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('finished_at', 'is', null)
      .execute();
    return rows.map(toErasure);
  },

  /** Newest first. */
  async list(workspace: string, before: string | undefined, limit: number): Promise<StoredErasure[]> {
    let query = db.selectFrom('subject_erasures').selectAll().where('workspace', '=', workspace);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toErasure);
  },

  async listHolders(erasures: readonly string[]): Promise<StoredHolder[]> {
    if (erasures.length === 0) return [];
    const rows = await db
      .selectFrom('subject_erasure_holders')
      .selectAll()
      .where('erasure', 'in', erasures)
      .orderBy('holder')
      .execute();
    return rows.map(toHolder);
  },

  /** From here on only a digest tells whose rows it was. */
  async forgetKey(id: string): Promise<void> {
    await db.updateTable('subject_erasures').set({ subject_key: null }).where('id', '=', id).execute();
  },

  async finish(id: string, now: number): Promise<void> {
    await db
      .updateTable('subject_erasures')
      .set({ finished_at: now })
      .where('id', '=', id)
      .where('finished_at', 'is', null)
      .execute();
  },

  async noteAttempt(erasure: string, holder: string, error: string | null): Promise<void> {
    await db
      .updateTable('subject_erasure_holders')
      .set((e) => ({ attempts: e('attempts', '+', 1), error }))
      .where('erasure', '=', erasure)
      .where('holder', '=', holder)
      .execute();
  },

  /** What earlier attempts of the same holder erased stays told. */
  async savePlaces(erasure: string, holder: string, places: readonly SubjectPlace[]): Promise<void> {
    await db
      .updateTable('subject_erasure_holders')
      .set({ places: json(places) })
      .where('erasure', '=', erasure)
      .where('holder', '=', holder)
      .execute();
  },

  async acknowledge(erasure: string, holder: string, kept: number, now: number): Promise<void> {
    await db
      .updateTable('subject_erasure_holders')
      .set({ kept, error: null, acknowledged_at: now })
      .where('erasure', '=', erasure)
      .where('holder', '=', holder)
      .execute();
  },

  async doom(erasure: string, holder: string, blobs: readonly string[]): Promise<void> {
    await insertRows(
      db,
      'insert into subject_erasure_blobs (erasure, holder, blob)',
      [...new Set(blobs)].map((blob) => [erasure, holder, blob]),
      'on conflict do nothing',
    );
  },

  async listDoomed(erasure: string, holder: string): Promise<string[]> {
    const rows = await db
      .selectFrom('subject_erasure_blobs')
      .select('blob')
      .where('erasure', '=', erasure)
      .where('holder', '=', holder)
      .orderBy('blob')
      .execute();
    return rows.map(({ blob }) => blob);
  },

  async undoom(erasure: string, holder: string, blobs: readonly string[]): Promise<void> {
    for (const some of groupsOf(blobs, 500))
      await db
        .deleteFrom('subject_erasure_blobs')
        .where('erasure', '=', erasure)
        .where('holder', '=', holder)
        .where('blob', 'in', some)
        .execute();
  },
});

const toErasure = (row: Selectable<SubjectErasuresTable>): StoredErasure => ({
  id: row.id,
  workspace: row.workspace,
  columns: parseJson(row.columns),
  key: row.subject_key === null ? null : parseJson(row.subject_key),
  salt: row.salt,
  keyDigest: row.key_digest,
  reason: row.reason,
  models: parseJson(row.models),
  derived: parseJson(row.derived),
  createdAt: row.created_at,
  createdBy: row.created_by,
  finishedAt: row.finished_at,
});

const toHolder = (row: Selectable<SubjectErasureHoldersTable>): StoredHolder => ({
  erasure: row.erasure,
  holder: row.holder,
  attempts: row.attempts,
  error: row.error,
  places: parseJson(row.places),
  kept: row.kept,
  acknowledgedAt: row.acknowledged_at,
});
