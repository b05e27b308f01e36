/** What people do for themselves: log in and out, choose a password, see where they are logged in. */
import type { LoginSession, Page, UserDetails } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import type { Grants } from '../grants/service.ts';
import { formatCookie, hashOf } from './rules.ts';
import type { Users } from './service.ts';
import { userStore } from './store.ts';

export interface AccountDependencies {
  readonly db: Db;
  readonly users: Users;
  readonly grants: Grants;
}

/** Where a login comes from, and its way to leave a cookie. */
export interface LoginPlace {
  readonly address: string;
  readonly agent: string;
  readonly isSecure: boolean;
  setCookie(text: string): void;
}

const defaultWorkspace = 'default';

export function createAccount({ db, users, grants }: AccountDependencies) {
  /** @throws accountMissing when the caller is nobody who could have one */
  function nameOf({ actor, isAnonymous }: Caller): string {
    if (isAnonymous || !actor.startsWith('user:')) throw errors.accountMissing({ actor });
    return actor.slice('user:'.length);
  }

  const callerFor = (workspace: string, name: string): Caller => ({
    ...{ actor: `user:${name}`, role: 'none', workspace, via: 'session' },
  });

  return {
    /** The name of who is now logged in. @throws loginRefused, loginThrottled, userDisabled */
    async login(input: { name: string; password: string }, place: LoginPlace): Promise<string> {
      const { user } = await users.check(defaultWorkspace, input.name, input.password, place.address);
      const { name, passwordHash } = user;
      const { secret } = await users.change(callerFor(defaultWorkspace, name), async (tx, record) => {
        // What was checked may have changed in the meantime.
        const now = await userStore(tx).find(defaultWorkspace, name);
        if (now?.passwordHash !== passwordHash || now.disabledAt !== null) throw errors.loginRefused({});
        const opened = await users.sessions.openIn(tx, { workspace: defaultWorkspace, user: name }, place);
        record({
          action: 'user.loggedIn',
          subject: `user:${name}`,
          detail: { session: opened.session.id, address: place.address },
        });
        return opened;
      });
      place.setCookie(formatCookie(secret, place.isSecure));
      return name;
    },

    /** Good once: of two at the same time, one is refused. @throws invitationInvalid, passwordWeak */
    async acceptInvitation(
      input: { invitation: string; password: string },
      place: LoginPlace,
    ): Promise<string> {
      const hash = hashOf(input.invitation);
      const invited = await users.findInvited(hash);
      if (!invited || invited.disabledAt !== null) throw errors.invitationInvalid({});
      const { name, workspace } = invited;
      const passwordHash = await users.hashPassword(input.password, name);
      const { secret } = await users.change(callerFor(workspace, name), async (tx, record) => {
        const still = await users.findInvited(hash, tx);
        if (still?.id !== invited.id || still.disabledAt !== null) throw errors.invitationInvalid({});
        await users.putPassword(tx, workspace, name, passwordHash);
        record({ action: 'user.passwordChosen', subject: `user:${name}` });
        return users.sessions.openIn(tx, { workspace, user: name }, place);
      });
      place.setCookie(formatCookie(secret, place.isSecure));
      return name;
    },

    async logout(caller: Caller, place: LoginPlace): Promise<Record<string, never>> {
      const { session } = caller;
      if (session !== undefined) {
        const user = nameOf(caller);
        await users.sessions.end({ user, id: session }, caller);
        grants.changed();
      }
      place.setCookie(formatCookie(null, place.isSecure));
      return {};
    },

    async get(caller: Caller): Promise<UserDetails> {
      const name = nameOf(caller);
      const found = await userStore(db).find(caller.workspace, name);
      if (!found) throw errors.accountMissing({ actor: caller.actor });
      return users.describe(caller.workspace, found);
    },

    /** @throws loginRefused when the current one is wrong, or was changed at the same time */
    async changePassword(
      input: { current: string; password: string },
      caller: Caller,
      { address }: Pick<LoginPlace, 'address'>,
    ): Promise<{ ended: number }> {
      const name = nameOf(caller);
      const { user } = await users.check(caller.workspace, name, input.current, address);
      const hash = await users.hashPassword(input.password, name);
      return users.change(caller, async (tx, record) => {
        const now = await userStore(tx).find(caller.workspace, name);
        if (now?.passwordHash !== user.passwordHash) throw errors.loginRefused({});
        const { ended } = await users.putPassword(tx, caller.workspace, name, hash, caller.session);
        record({ action: 'user.passwordChanged', subject: `user:${name}`, detail: { ended } });
        return { ended };
      });
    },

    listSessions: (
      input: { cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<LoginSession>> => users.sessions.list({ ...input, user: nameOf(caller) }, caller),

    async endSession({ id }: { id: string }, caller: Caller): Promise<Record<string, never>> {
      await users.sessions.end({ user: nameOf(caller), id }, caller);
      grants.changed();
      return {};
    },
  };
}

export type Account = ReturnType<typeof createAccount>;
