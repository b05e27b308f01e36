import type { Invitation, LoginSession, Page, Role, User, UserDetails } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller, RoleOn } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import type { Changes } from '../audit/service.ts';
import { type Grants, lockAccess } from '../grants/service.ts';
import { createPasswords } from './passwords.ts';
import { assertPassword, hashOf, invitationMs, newInvitationSecret, reservedName } from './rules.ts';
import { createSessions } from './sessions.ts';
import { type StoredUser, sessionStore, userStore } from './store.ts';
import { createThrottle } from './throttle.ts';

export { cookieOf } from './rules.ts';

export interface UsersDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly grants: Grants;
  /** Ends the tokens that act as somebody, in the same transaction. */
  readonly endTokens: (tx: Db, workspace: string, actor: string) => Promise<void>;
}

/** A user as requests meet one: with all their roles. */
export interface KnownUser {
  readonly user: StoredUser;
  readonly rights: readonly RoleOn[];
}

const rememberedMs = 5_000;
const mostRemembered = 1_000;
const seenEveryMs = 60_000;

function toPublic({ passwordHash: _hash, ...user }: StoredUser): User {
  return user;
}

export type Users = ReturnType<typeof createUsers>;

export function createUsers({ db, clock, changes, grants, endTokens }: UsersDependencies) {
  const store = userStore(db);
  const passwords = createPasswords(clock);
  const throttle = createThrottle(clock);
  const known = new Map<string, KnownUser & { readonly until: number; readonly epoch: number }>();
  const sessions = createSessions({ db, clock, changes, epoch: grants.epoch });
  const seen = new Map<string, number>();

  async function get(tx: Db, workspace: string, name: string): Promise<StoredUser> {
    const user = await userStore(tx).find(workspace, name);
    if (!user) throw errors.userNotFound({ name });
    return user;
  }

  /** One change of users; what this server remembers of them is forgotten once it is there. */
  async function change<T>(caller: Caller, work: Parameters<typeof changes.run<T>>[1]): Promise<T> {
    try {
      return await changes.run(caller, async (tx, record) => {
        await lockAccess(tx, caller.workspace);
        return work(tx, record);
      });
    } finally {
      grants.changed();
    }
  }

  /** Two admins who take the role from each other find one of them left. */
  async function assertAdminLeft(tx: Db, workspace: string, user: StoredUser): Promise<void> {
    if (user.role !== 'admin' || user.disabledAt !== null) return;
    if ((await userStore(tx).countAdmins(workspace, user.name)) === 0)
      throw errors.lastAdmin({ name: user.name });
  }

  async function inviteIn(tx: Db, workspace: string, name: string): Promise<Invitation> {
    const secret = newInvitationSecret();
    const expiresAt = clock.now() + invitationMs;
    await userStore(tx).update(workspace, name, {
      invitation_hash: hashOf(secret),
      invitation_expires_at: expiresAt,
    });
    return { secret, expiresAt };
  }

  /** Ends what the old password has opened, and an invitation to choose one. */
  async function putPassword(tx: Db, workspace: string, name: string, hash: string, butSession?: string) {
    const user = await userStore(tx).update(workspace, name, {
      ...{ password_hash: hash, password_changed_at: clock.now() },
      ...{ invitation_hash: null, invitation_expires_at: null },
    });
    return { user, ended: await sessionStore(tx).deleteOf(workspace, name, butSession) };
  }

  /** Null: nobody of that name. */
  async function findKnown(workspace: string, name: string): Promise<KnownUser | null> {
    const key = JSON.stringify([workspace, name]);
    const found = known.get(key);
    if (found && found.until > clock.now() && found.epoch === grants.epoch()) return found;
    // Before it is read: a change in between makes it stale.
    const epoch = grants.epoch();
    const user = await store.find(workspace, name);
    if (!user) return null;
    const given = await grants.rolesOf(workspace, `user:${name}`);
    const rights = [{ role: user.role, resource: null }, ...given];
    if (known.size >= mostRemembered) known.clear();
    known.set(key, { user, rights, until: clock.now() + rememberedMs, epoch });
    return { user, rights };
  }

  /** Last login to the minute: one write, not one per request. */
  async function noteLogin(workspace: string, name: string): Promise<void> {
    const now = clock.now();
    const key = JSON.stringify([workspace, name]);
    if ((seen.get(key) ?? 0) > now - seenEveryMs) return;
    if (seen.size >= mostRemembered) seen.clear();
    seen.set(key, now);
    await store.update(workspace, name, { last_login_at: now });
  }

  /** @throws loginRefused, loginThrottled, userDisabled */
  async function check(workspace: string, name: string, password: string, address: string) {
    const found = await findKnown(workspace, name);
    const hash = found?.user.passwordHash ?? null;
    if (!found || hash === null || !passwords.isRemembered(password, hash)) {
      const takeBack = throttle.take(name, address);
      const isRight = await (hash === null
        ? passwords.isRight(password, null)
        : passwords.isRightNow(password, hash));
      if (!found || !isRight) throw errors.loginRefused({});
      takeBack();
    }
    if (found.user.disabledAt !== null) throw errors.userDisabled({ name });
    return found;
  }

  async function describe(workspace: string, user: StoredUser): Promise<UserDetails> {
    const actor = `user:${user.name}`;
    const [groups, given] = [
      await grants.groupsOf(workspace, actor),
      await grants.grantsOf(workspace, actor),
    ];
    return { ...toPublic(user), groups, grants: given };
  }

  return {
    sessions,
    findKnown,
    check,
    noteLogin,
    hashPassword: (password: string, name: string): Promise<string> => {
      assertPassword(password, name);
      return passwords.hash(password);
    },

    isUser: async (tx: Db, workspace: string, name: string): Promise<boolean> =>
      (await userStore(tx).find(workspace, name)) !== null,
    hasAdminWithPassword: () => store.hasAdminWithPassword(),

    async create(
      input: { name: string; role?: Role | undefined; password?: string | undefined },
      caller: Caller,
    ): Promise<User & { invitation: Invitation | null }> {
      const { name, role = 'none', password } = input;
      if (name === reservedName) throw errors.userExists({ name });
      if (password !== undefined) assertPassword(password, name);
      const hash = password === undefined ? null : await passwords.hash(password);
      return change(caller, async (tx, record) => {
        const { workspace } = caller;
        const made = { id: newId('user'), name, role, createdAt: clock.now() };
        const inserted = await userStore(tx).insert(workspace, made);
        if (!inserted) throw errors.userExists({ name });
        const user = hash === null ? inserted : (await putPassword(tx, workspace, name, hash)).user;
        const invitation = hash === null ? await inviteIn(tx, workspace, name) : null;
        record({ action: 'user.created', subject: `user:${name}`, detail: { role } });
        return { ...toPublic(user), invitation };
      });
    },

    async list(
      input: { cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<User>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor ? decodeCursor(input.cursor, isText) : '';
      const rows = await store.list(caller.workspace, after, limit + 1);
      return toPage(rows.map(toPublic), limit, (user) => user.name);
    },

    get: async ({ name }: { name: string }, { workspace }: Caller): Promise<UserDetails> =>
      describe(workspace, await get(db, workspace, name)),

    update: (
      input: { name: string; role?: Role | undefined; disabled?: boolean | undefined },
      caller: Caller,
    ): Promise<User> =>
      change(caller, async (tx, record) => {
        const { workspace } = caller;
        const { name } = input;
        const before = await get(tx, workspace, name);
        const role = input.role ?? before.role;
        const isDisabled = input.disabled ?? before.disabledAt !== null;
        const disabledAt = isDisabled ? (before.disabledAt ?? clock.now()) : null;
        if (role !== 'admin' || isDisabled) await assertAdminLeft(tx, workspace, before);
        const user = await userStore(tx).update(workspace, name, { role, disabled_at: disabledAt });
        const subject = `user:${name}`;
        if (role !== before.role)
          record({ action: 'user.changed', subject, detail: { role, before: before.role } });
        if (isDisabled && before.disabledAt === null) {
          await sessionStore(tx).deleteOf(workspace, name);
          record({ action: 'user.disabled', subject });
        }
        if (!isDisabled && before.disabledAt !== null) record({ action: 'user.enabled', subject });
        return toPublic(user);
      }),

    delete: ({ name }: { name: string }, caller: Caller): Promise<Record<string, never>> =>
      change(caller, async (tx, record) => {
        const { workspace } = caller;
        await assertAdminLeft(tx, workspace, await get(tx, workspace, name));
        await sessionStore(tx).deleteOf(workspace, name);
        await grants.forget(tx, workspace, `user:${name}`);
        await endTokens(tx, workspace, `user:${name}`);
        await userStore(tx).delete(workspace, name);
        record({ action: 'user.deleted', subject: `user:${name}` });
        return {};
      }),

    async setPassword(input: { name: string; password: string }, caller: Caller): Promise<User> {
      const { name, password } = input;
      await get(db, caller.workspace, name);
      assertPassword(password, name);
      const hash = await passwords.hash(password);
      return change(caller, async (tx, record) => {
        await get(tx, caller.workspace, name);
        const { user } = await putPassword(tx, caller.workspace, name, hash);
        record({ action: 'user.passwordSet', subject: `user:${name}` });
        return toPublic(user);
      });
    },

    invite: ({ name }: { name: string }, caller: Caller): Promise<Invitation> =>
      change(caller, async (tx, record) => {
        await get(tx, caller.workspace, name);
        record({ action: 'user.invited', subject: `user:${name}` });
        return inviteIn(tx, caller.workspace, name);
      }),

    async listSessions(
      input: { name: string; cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<LoginSession>> {
      const { name } = await get(db, caller.workspace, input.name);
      return sessions.list({ ...input, user: name }, caller);
    },

    endSessions: ({ name }: { name: string }, caller: Caller): Promise<{ ended: number }> =>
      change(caller, async (tx, record) => {
        await get(tx, caller.workspace, name);
        const ended = await sessionStore(tx).deleteOf(caller.workspace, name);
        if (ended > 0) record({ action: 'user.loggedOut', subject: `user:${name}`, detail: { ended } });
        return { ended };
      }),

    describe,
    putPassword,
    change,
    findInvited: (hash: string, tx: Db = db) => userStore(tx).findInvited(hash, clock.now()),
  };
}
