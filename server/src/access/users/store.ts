import type { LoginSession, Role, User } from '@tidemill/contract';
import type { Selectable, Updateable } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import type { Database } from '../../adapters/db/schema.ts';

/** With what never leaves the server. */
export interface StoredUser extends User {
  readonly passwordHash: string | null;
}

const toUser = (row: Selectable<Database['users']>): StoredUser => ({
  id: row.id,
  name: row.name,
  role: row.role as Role,
  createdAt: row.created_at,
  hasPassword: row.password_hash !== null,
  passwordChangedAt: row.password_changed_at,
  lastLoginAt: row.last_login_at,
  disabledAt: row.disabled_at,
  passwordHash: row.password_hash,
});

export type StoredSession = Omit<LoginSession, 'current'> & {
  readonly workspace: string;
  readonly user: string;
};

const toSession = (row: Selectable<Database['sessions']>): StoredSession => ({
  id: row.id,
  workspace: row.workspace,
  user: row.user_name,
  createdAt: row.created_at,
  lastSeenAt: row.last_seen_at,
  expiresAt: row.expires_at,
  address: row.address,
  agent: row.agent,
});

export const userStore = (db: Db) => ({
  /** Null when the name is taken. */
  async insert(workspace: string, user: Pick<User, 'id' | 'name' | 'role' | 'createdAt'>) {
    const row = await db
      .insertInto('users')
      .values({
        ...{ id: user.id, workspace, name: user.name, role: user.role, created_at: user.createdAt },
        ...{ password_hash: null, password_changed_at: null, last_login_at: null, disabled_at: null },
        ...{ invitation_hash: null, invitation_expires_at: null },
      })
      .onConflict((conflict) => conflict.columns(['workspace', 'name']).doNothing())
      .returningAll()
      .executeTakeFirst();
    return row ? toUser(row) : null;
  },

  async find(workspace: string, name: string): Promise<StoredUser | null> {
    const row = await db
      .selectFrom('users')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .executeTakeFirst();
    return row ? toUser(row) : null;
  },

  async findInvited(hash: string, now: number): Promise<(StoredUser & { workspace: string }) | null> {
    const row = await db
      .selectFrom('users')
      .selectAll()
      .where('invitation_hash', '=', hash)
      .where('invitation_expires_at', '>', now)
      .executeTakeFirst();
    return row ? { ...toUser(row), workspace: row.workspace } : null;
  },

  async list(workspace: string, after: string, limit: number): Promise<StoredUser[]> {
    const rows = await db
      .selectFrom('users')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('name', '>', after)
      .orderBy('name')
      .limit(limit)
      .execute();
    return rows.map(toUser);
  },

  async update(workspace: string, name: string, values: Updateable<Database['users']>): Promise<StoredUser> {
    const row = await db
      .updateTable('users')
      .set(values)
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirstOrThrow();
    return toUser(row);
  },

  async delete(workspace: string, name: string): Promise<void> {
    await db.deleteFrom('users').where('workspace', '=', workspace).where('name', '=', name).execute();
  },

  /** Those that are not disabled, beside one of them. */
  async countAdmins(workspace: string, beside: string): Promise<number> {
    const row = await db
      .selectFrom('users')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('workspace', '=', workspace)
      .where('role', '=', 'admin')
      .where('disabled_at', 'is', null)
      .where('name', '<>', beside)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  },

  async hasAdminWithPassword(): Promise<boolean> {
    const row = await db
      .selectFrom('users')
      .select('id')
      .where('role', '=', 'admin')
      .where('disabled_at', 'is', null)
      .where('password_hash', 'is not', null)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  },
});

export const sessionStore = (db: Db) => ({
  async insert(session: StoredSession, hash: string): Promise<void> {
    await db
      .insertInto('sessions')
      .values({
        ...{ id: session.id, workspace: session.workspace, user_name: session.user, hash },
        ...{ address: session.address, agent: session.agent, created_at: session.createdAt },
        ...{ last_seen_at: session.lastSeenAt, expires_at: session.expiresAt },
      })
      .execute();
  },

  async findByHash(hash: string): Promise<StoredSession | null> {
    const row = await db.selectFrom('sessions').selectAll().where('hash', '=', hash).executeTakeFirst();
    return row ? toSession(row) : null;
  },

  async touch(id: string, now: number): Promise<void> {
    await db.updateTable('sessions').set({ last_seen_at: now }).where('id', '=', id).execute();
  },

  /** Newest first. */
  async list(
    workspace: string,
    user: string,
    live: { readonly now: number; readonly seenSince: number },
    page: { readonly before?: string | undefined; readonly limit: number },
  ): Promise<StoredSession[]> {
    let query = db
      .selectFrom('sessions')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('user_name', '=', user)
      .where('expires_at', '>', live.now)
      .where('last_seen_at', '>', live.seenSince);
    if (page.before !== undefined) query = query.where('id', '<', page.before);
    return (await query.orderBy('id', 'desc').limit(page.limit).execute()).map(toSession);
  },

  async delete(workspace: string, user: string, id: string): Promise<boolean> {
    const result = await db
      .deleteFrom('sessions')
      .where('workspace', '=', workspace)
      .where('user_name', '=', user)
      .where('id', '=', id)
      .executeTakeFirst();
    return Number(result.numDeletedRows) > 0;
  },

  async deleteOf(workspace: string, user: string, but?: string): Promise<number> {
    let query = db.deleteFrom('sessions').where('workspace', '=', workspace).where('user_name', '=', user);
    if (but !== undefined) query = query.where('id', '<>', but);
    return Number((await query.executeTakeFirst()).numDeletedRows);
  },

  /** What has expired, and all but the newest `keep`. */
  async tidy(
    workspace: string,
    user: string,
    live: { readonly now: number; readonly seenSince: number },
    keep: number,
  ): Promise<void> {
    const kept = await this.list(workspace, user, live, { limit: keep });
    await db
      .deleteFrom('sessions')
      .where('workspace', '=', workspace)
      .where('user_name', '=', user)
      .where('id', 'not in', ['', ...kept.map(({ id }) => id)])
      .execute();
  },
});
