import type { SealedContent } from '@tidemill/contract';
import { type SelectQueryBuilder, sql } from 'kysely';
import { type Db, insertRows, json, kindOf, lockKey, runForEach, type Tx } from '../../adapters/db/db.ts';
import type { Database } from '../../adapters/db/schema.ts';
import type { Head, Link, StoredEntry } from './rules.ts';

export interface NewAuditEntry {
  readonly workspace: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Record<string, unknown>;
  readonly at: number;
}

/** A text with a `*` at its end is what others begin with. */
export interface AuditFilter {
  readonly subject?: string | undefined;
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

interface Slice {
  readonly limit: number;
  readonly after?: number | undefined;
  readonly before?: number | undefined;
}

export const auditStore = (db: Db) => {
  const ofWorkspace = (workspace: string) =>
    db.selectFrom('audit').selectAll().where('workspace', '=', workspace);

  /** Read by the primary key: an index that begins with the workspace would have to be sorted, whole, for each page. */
  const inOrder = (workspace: string) =>
    db.selectFrom('audit').selectAll().where(sql`workspace || ''`, '=', workspace);

  /** The first id from a time on, as far as clocks of servers agree: ids and times grow together. */
  async function findIdAt(time: number): Promise<number> {
    let low = 1;
    let high = (await lastId()) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = await db
        .selectFrom('audit')
        .select(['id', 'created_at'])
        .where('id', '>=', middle)
        .orderBy('id')
        .limit(1)
        .executeTakeFirst();
      if (!row || row.created_at >= time) high = middle;
      else low = row.id + 1;
    }
    return low;
  }

  async function lastId(): Promise<number> {
    const row = await db.selectFrom('audit').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
    return row?.id ?? 0;
  }

  async function filtered(workspace: string, filter: AuditFilter) {
    const { subject, action, actor, from, to } = filter;
    const isExact = [subject, action, actor].some((text) => text !== undefined && !text.endsWith('*'));
    let query = matching(isExact ? ofWorkspace(workspace) : inOrder(workspace), 'subject', subject);
    query = matching(query, 'action', action);
    query = matching(query, 'actor', actor);
    if (from !== undefined)
      query = query.where('created_at', '>=', from).where('id', '>=', await findIdAt(from - clockSkew));
    if (to !== undefined)
      query = query.where('created_at', '<', to).where('id', '<', await findIdAt(to + clockSkew));
    return query;
  }

  return {
    async append(entries: readonly NewAuditEntry[]): Promise<void> {
      const rows = entries.map(({ workspace, actor, action, subject, detail, at }) => [
        workspace,
        actor,
        action,
        subject,
        json(detail),
        at,
      ]);
      await insertRows(db, 'insert into audit (workspace, actor, action, subject, detail, created_at)', rows);
    },

    /** Newest first. */
    async list(
      workspace: string,
      filter: AuditFilter,
      { before, limit }: Omit<Slice, 'after'>,
    ): Promise<StoredEntry[]> {
      let query = await filtered(workspace, filter);
      if (before !== undefined) query = query.where('id', '<', before);
      return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toEntry);
    },

    /** In the order of the chain, up to `before`. */
    async listForward(workspace: string, filter: AuditFilter, slice: Slice): Promise<StoredEntry[]> {
      const { after = 0, before = Number.MAX_SAFE_INTEGER, limit } = slice;
      const query = (await filtered(workspace, filter)).where('id', '>', after).where('id', '<=', before);
      return (await query.orderBy('id').limit(limit).execute()).map(toEntry);
    },

    /** The last sealed entry before this one. */
    async findLinkBefore(workspace: string, id: number): Promise<Link | null> {
      const row = await inOrder(workspace)
        .where('id', '<', id)
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (!row || row.position === null || row.hash === null) return null;
      return { position: row.position, id: row.id, digest: row.hash };
    },

    lastId,

    /** One server seals at a time. */
    lockSealing: (): Promise<void> => lockKey(db as Tx, 'audit-sealing'),

    async listHeads(): Promise<Head[]> {
      return (await db.selectFrom('audit_heads').selectAll().execute()).map(toHead);
    },

    async findHead(workspace: string): Promise<Head | null> {
      const row = await db
        .selectFrom('audit_heads')
        .selectAll()
        .where('workspace', '=', workspace)
        .executeTakeFirst();
      return row ? toHead(row) : null;
    },

    /** Of all workspaces. */
    async listAfter(id: number, limit: number): Promise<StoredEntry[]> {
      const query = db.selectFrom('audit').selectAll().where('id', '>', id).orderBy('id').limit(limit);
      return (await query.execute()).map(toEntry);
    },

    async seal(links: readonly Link[]): Promise<void> {
      const rows = links.map(({ position, digest, id }) => [position, digest, id]);
      if (kindOf(db) === 'sqlite') {
        await runForEach(db, 'update audit set position = ?, hash = ? where id = ?', rows);
        return;
      }
      const column = (at: number) => rows.map((row) => row[at]);
      await sql`update audit set position = link.position, hash = link.hash
        from unnest(${column(0)}::bigint[], ${column(1)}::text[], ${column(2)}::bigint[]) as link (position, hash, id)
        where audit.id = link.id`.execute(db);
    },

    async saveHead({ workspace, position, id, digest, sealedAt }: Head): Promise<void> {
      const value = { position, entry_id: id, hash: digest, sealed_at: sealedAt };
      await db
        .insertInto('audit_heads')
        .values({ workspace, ...value })
        .onConflict((conflict) => conflict.column('workspace').doUpdateSet(value))
        .execute();
    },
  };
};

/** How far clocks of servers on one database may be apart for a filter by time to find everything. */
const clockSkew = 10 * 60_000;
/** Above every character that a name may hold. */
const beyond = '\u{10ffff}';

type Query<O> = SelectQueryBuilder<Database, 'audit', O>;

function matching<O>(
  query: Query<O>,
  column: 'subject' | 'action' | 'actor',
  text: string | undefined,
): Query<O> {
  if (text === undefined) return query;
  if (!text.endsWith('*')) return query.where(column, '=', text);
  const start = text.slice(0, -1);
  return query.where(column, '>=', start).where(column, '<', start + beyond);
}

interface AuditRow {
  readonly id: number;
  readonly workspace: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
  readonly created_at: number;
  readonly position: number | null;
  readonly hash: string | null;
}

const toEntry = ({ created_at, hash, ...row }: AuditRow): StoredEntry & SealedContent => ({
  ...row,
  at: created_at,
  digest: hash,
});

const toHead = (row: {
  workspace: string;
  position: number;
  entry_id: number;
  hash: string;
  sealed_at: number;
}): Head => ({
  workspace: row.workspace,
  position: row.position,
  id: row.entry_id,
  digest: row.hash,
  sealedAt: row.sealed_at,
});
