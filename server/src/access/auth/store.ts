import type { Priority, Role, Token } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import type { Database } from '../../adapters/db/schema.ts';

const toToken = (row: Selectable<Database['tokens']>): Token => ({
  id: row.id,
  name: row.name,
  role: row.role as Role,
  actor: row.actor,
  resource: row.resource,
  rate:
    row.rate_per_second === null || row.rate_burst === null
      ? null
      : { perSecond: row.rate_per_second, burst: row.rate_burst },
  perDay: row.rate_per_day,
  priority: row.priority as Priority,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  revokedAt: row.revoked_at,
});

export const authStore = (db: Db) => ({
  async insertToken(workspace: string, token: Token, hash: string): Promise<void> {
    await db
      .insertInto('tokens')
      .values({
        id: token.id,
        workspace,
        name: token.name,
        hash,
        role: token.role,
        actor: token.actor,
        resource: token.resource,
        rate_per_second: token.rate?.perSecond ?? null,
        rate_burst: token.rate?.burst ?? null,
        rate_per_day: token.perDay,
        priority: token.priority,
        created_at: token.createdAt,
        expires_at: token.expiresAt,
        last_used_at: null,
        revoked_at: null,
      })
      .execute();
  },

  async findByHash(hash: string): Promise<{ workspace: string; token: Token } | null> {
    const row = await db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
    return row ? { workspace: row.workspace, token: toToken(row) } : null;
  },

  async listTokens(workspace: string, before: string | undefined, limit: number): Promise<Token[]> {
    let query = db.selectFrom('tokens').selectAll().where('workspace', '=', workspace);
    if (before) query = query.where('id', '<', before);
    return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toToken);
  },

  async revoke(workspace: string, id: string, now: number): Promise<boolean> {
    const result = await db
      .updateTable('tokens')
      .set({ revoked_at: now })
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  async revokeAll(workspace: string, actor: string, now: number): Promise<void> {
    await db
      .updateTable('tokens')
      .set({ revoked_at: now })
      .where('workspace', '=', workspace)
      .where('actor', '=', actor)
      .where('revoked_at', 'is', null)
      .execute();
  },

  async deleteOf(workspace: string, resource: string): Promise<void> {
    await db
      .deleteFrom('tokens')
      .where('workspace', '=', workspace)
      .where('resource', '=', resource)
      .execute();
  },

  async touch(id: string, now: number): Promise<void> {
    await db.updateTable('tokens').set({ last_used_at: now }).where('id', '=', id).execute();
  },

  async requestsOn(id: string, day: number): Promise<number> {
    const row = await db
      .selectFrom('token_days')
      .select('requests')
      .where('token_id', '=', id)
      .where('day', '=', day)
      .executeTakeFirst();
    return row?.requests ?? 0;
  },

  /** What all servers counted together, afterwards. */
  async addRequests(id: string, day: number, requests: number): Promise<number> {
    const row = await db
      .insertInto('token_days')
      .values({ token_id: id, day, requests })
      .onConflict((conflict) =>
        conflict
          .columns(['token_id', 'day'])
          .doUpdateSet((e) => ({ requests: e('token_days.requests', '+', requests) })),
      )
      .returning('requests')
      .executeTakeFirstOrThrow();
    return row.requests;
  },

  async forgetDaysBefore(day: number): Promise<void> {
    await db.deleteFrom('token_days').where('day', '<', day).execute();
  },

  /** Those that reach all of their workspace. */
  async countUsable(now: number): Promise<number> {
    const row = await db
      .selectFrom('tokens')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('revoked_at', 'is', null)
      .where('resource', 'is', null)
      .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  },
});
