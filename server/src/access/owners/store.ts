import type { EndpointCaller, Ownership } from '@tidemill/contract';
import { type Selectable, sql } from 'kysely';
import { type Db, insertRows, json, lockKey, parseJson, type Tx } from '../../adapters/db/db.ts';
import type { AccessTables } from '../../adapters/db/tables/access.ts';

export interface Calls {
  readonly workspace: string;
  readonly endpoint: string;
  readonly actor: string;
  readonly requests: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export const ownerStore = (db: Db) => ({
  /** From here to the transaction's end nobody else says who answers for it. */
  lock: (workspace: string, subject: string): Promise<void> =>
    lockKey(db as Tx, `owner/${workspace}/${subject}`),

  async find(workspace: string, subject: string): Promise<Ownership | null> {
    const row = await db
      .selectFrom('owners')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('subject', '=', subject)
      .executeTakeFirst();
    return row ? toOwnership(row) : null;
  },

  async list(
    workspace: string,
    filter: {
      readonly kind?: string | undefined;
      readonly owner?: string | undefined;
      readonly consumer?: string | undefined;
    },
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<Ownership[]> {
    let query = db.selectFrom('owners').selectAll().where('workspace', '=', workspace);
    if (filter.kind !== undefined)
      query = query.where('subject', '>=', `${filter.kind}:`).where('subject', '<', `${filter.kind};`);
    if (filter.owner !== undefined) query = query.where('owner', '=', filter.owner);
    // Texts of a JSON array: a quote inside one is escaped, so this finds a whole name.
    if (filter.consumer !== undefined) {
      const wanted = JSON.stringify(filter.consumer);
      query = query.where(sql<boolean>`replace(consumers, ${wanted}, '') <> consumers`);
    }
    if (after !== undefined) query = query.where('subject', '>', after);
    return (await query.orderBy('subject').limit(limit).execute()).map(toOwnership);
  },

  async save(workspace: string, ownership: Ownership, at: number, by: string): Promise<void> {
    const { subject, owner, consumers } = ownership;
    const value = { owner, consumers: json(consumers), updated_at: at, updated_by: by };
    await db
      .insertInto('owners')
      .values({ workspace, subject, ...value })
      .onConflict((conflict) => conflict.columns(['workspace', 'subject']).doUpdateSet(value))
      .execute();
  },

  /** What was said of the new name before stays. */
  async rename(workspace: string, subject: string, to: string): Promise<void> {
    await sql`update owners set subject = ${to} where workspace = ${workspace} and subject = ${subject}
      and not exists (select 1 from owners there where there.workspace = ${workspace} and there.subject = ${to})`.execute(
      db,
    );
  },

  async addCalls(calls: readonly Calls[]): Promise<void> {
    await insertRows(
      db,
      'insert into endpoint_callers (workspace, endpoint, actor, requests, first_at, last_at)',
      calls.map((call) => [
        call.workspace,
        call.endpoint,
        call.actor,
        call.requests,
        call.firstAt,
        call.lastAt,
      ]),
      `on conflict (workspace, endpoint, actor) do update set
        requests = endpoint_callers.requests + excluded.requests, last_at = excluded.last_at`,
    );
  },

  /** The newest first. */
  async listCallers(workspace: string, endpoint: string, limit: number): Promise<EndpointCaller[]> {
    const rows = await db
      .selectFrom('endpoint_callers')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('endpoint', '=', endpoint)
      .orderBy('last_at', 'desc')
      .orderBy('actor')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      actor: row.actor,
      requests: row.requests,
      firstAt: row.first_at,
      lastAt: row.last_at,
    }));
  },
});

const toOwnership = (row: Selectable<AccessTables['owners']>): Ownership => ({
  subject: row.subject,
  owner: row.owner,
  consumers: parseJson(row.consumers),
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});
