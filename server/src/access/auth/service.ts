import type { Identity, Page, Permission, Priority, RateLimit, Role, Token } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller, RoleOn } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import type { Changes } from '../audit/service.ts';
import { type Grants, isWithin, widestRole } from '../grants/service.ts';
import { cookieOf, type KnownUser, type Users } from '../users/service.ts';
import { createDailyQuotas } from './daily-quotas.ts';
import { createJobTokens } from './job-tokens.ts';
import { createRateLimits } from './rate-limits.ts';
import { type Call, createReach, findDenial, type ReachDependencies } from './reach.ts';
import { assertResource, credentialsOf, hashSecret, newSecret, unknownReason } from './rules.ts';
import { authStore } from './store.ts';

export type { JobTokens } from './job-tokens.ts';

export interface AuthDependencies extends ReachDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly users: Users;
  readonly grants: Grants;
  /** On 127.0.0.1 whoever reaches the port is the owner; anywhere else a token is needed. */
  readonly trustLocal: boolean;
}

const defaultWorkspace = 'default';
const touchEveryMs = 60_000;
const cacheMs = 5_000;
const cacheSize = 1_000;
const dayMs = 86_400_000;

/** Without a burst, what is due in a second may come at once. */
const toLimit = ({ perSecond, burst }: { perSecond: number; burst?: number | undefined }): RateLimit => ({
  perSecond,
  burst: burst ?? Math.ceil(perSecond),
});

/** Whose a secret is. */
interface Known {
  readonly id: string;
  readonly caller: Caller;
  readonly rate: RateLimit | null;
  readonly perDay: number | null;
}

/** Of a request: who it says it is from, and how. */
export interface Request {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  readonly address: string;
  /** Whether it may change something by the cookie alone: no other site has made the browser send it. */
  readonly mayChangeByCookie: boolean;
  /** Method and path. */
  readonly where: string;
}

const userPrefix = 'user:';
const localOwner = { isAnonymous: true, via: 'local' } as const;

export function createAuth({ db, clock, changes, users, grants, trustLocal, isOfJob }: AuthDependencies) {
  const store = authStore(db);
  const cache = new Map<string, Known & { readonly until: number; readonly epoch: number }>();
  const limits = createRateLimits(clock);
  const quotas = createDailyQuotas(store, clock);
  const touched = new Map<string, number>();

  async function findCaller(secret: string): Promise<Known> {
    const hash = hashSecret(secret);
    const cached = cache.get(hash);
    if (cached && cached.until > clock.now() && cached.epoch === grants.epoch()) return cached;
    // Before anything is read: a change in between makes it stale.
    const epoch = grants.epoch();
    const found = await store.findByHash(hash);
    const now = clock.now();
    if (!found) throw errors.unauthenticated({ reason: unknownReason(secret) });
    if (found.token.revokedAt) throw errors.unauthenticated({ reason: 'the token was revoked' });
    if (found.token.expiresAt && found.token.expiresAt <= now)
      throw errors.unauthenticated({ reason: 'the token has expired' });
    const { id, resource, rate, perDay, priority, expiresAt } = found.token;
    const caller = await callerOf(found.token, found.workspace);
    const known = { id, caller: priority === 'normal' ? caller : { ...caller, priority }, rate, perDay };
    await touch(id, now);
    // Those of jobs die with them, at once and on every server.
    if (resource?.startsWith('job:')) return known;
    if (cache.size >= cacheSize) cache.clear();
    cache.set(hash, {
      ...known,
      until: Math.min(now + cacheMs, expiresAt ?? Number.MAX_SAFE_INTEGER),
      epoch,
    });
    return known;
  }

  /** A token has its own role and what is granted to it; one of a user may no more than the user, too. */
  async function callerOf({ actor, role, resource }: Token, workspace: string): Promise<Caller> {
    const narrowed = { ...(resource !== null && { resource }), via: 'token' as const };
    if (resource?.startsWith('job:')) return { actor, role, workspace, ...narrowed };
    const own: readonly RoleOn[] = [{ role, resource }];
    if (!actor.startsWith(userPrefix)) {
      const rights = [...own, ...(await grants.rolesOf(workspace, actor))];
      return { actor, role: widestRole(rights), workspace, rights: [rights], ...narrowed };
    }
    const found = usable(await users.findKnown(workspace, actor.slice(userPrefix.length)), actor);
    const widest = widestRole(found.rights);
    const shown = isWithin(role, widest) ? widestRole(own) : widest;
    return { actor, role: shown, workspace, rights: [own, found.rights], ...narrowed };
  }

  function usable(found: KnownUser | null, who: string): KnownUser {
    if (!found) throw errors.unauthenticated({ reason: `there is no ${who} any more` });
    if (found.user.disabledAt !== null) throw errors.userDisabled({ name: found.user.name });
    return found;
  }

  const callerFor = (
    { user, rights }: KnownUser,
    workspace: string,
    via: 'password' | 'session',
  ): Caller => ({
    ...{ actor: `${userPrefix}${user.name}`, role: widestRole(rights), workspace, rights: [rights], via },
  });

  async function findByPassword(name: string, password: string, address: string): Promise<Caller> {
    const found = await users.check(defaultWorkspace, name, password, address);
    await users.noteLogin(defaultWorkspace, name);
    return callerFor(found, defaultWorkspace, 'password');
  }

  /** Null: the cookie is no longer good. @throws userDisabled, crossSiteRefused */
  async function findByCookie(secret: string, { mayChangeByCookie, where }: Request): Promise<Caller | null> {
    const session = await users.sessions.find(secret);
    if (!session) return null;
    if (!mayChangeByCookie) throw errors.crossSiteRefused({ where });
    const found = usable(await users.findKnown(session.workspace, session.user), session.user);
    return { ...callerFor(found, session.workspace, 'session'), session: session.id };
  }

  async function identify(request: Request): Promise<Caller> {
    const credentials = credentialsOf(request.authorization);
    if (credentials?.kind === 'token') return findLimited(credentials.secret);
    if (credentials) return findByPassword(credentials.name, credentials.password, request.address);
    const secret = cookieOf(request.cookie);
    const caller = secret === null ? null : await findByCookie(secret, request);
    if (caller) return caller;
    // A cookie of another server on this machine keeps nobody out of their own.
    if (trustLocal)
      return { ...{ actor: 'user:owner', role: 'admin', workspace: defaultWorkspace }, ...localOwner };
    const reason = secret === null ? 'the request carries none' : 'the session has ended';
    throw errors.unauthenticated({ reason });
  }

  async function recognize(request: Request): Promise<Caller> {
    const credentials = credentialsOf(request.authorization);
    if (credentials?.kind === 'token') return (await findCaller(credentials.secret)).caller;
    if (!credentials) return identify(request);
    const found = await users.findKnown(defaultWorkspace, credentials.name);
    return callerFor(usable(found, credentials.name), defaultWorkspace, 'password');
  }

  /** Whoever asks too often is told so before anything is done. @throws tokenRateExceeded, tokenQuotaExceeded */
  async function findLimited(secret: string): Promise<Caller> {
    const { id, caller, rate, perDay } = await findCaller(secret);
    if (rate) limits.take(id, caller.actor, rate);
    if (perDay !== null) await quotas.take(id, caller.actor, perDay);
    return caller;
  }

  /** Last use to the minute: one write per token and minute, not per request. */
  async function touch(id: string, now: number): Promise<void> {
    if ((touched.get(id) ?? 0) > now - touchEveryMs) return;
    if (touched.size >= cacheSize) touched.clear();
    touched.set(id, now);
    await store.touch(id, now);
  }

  /** A token for a user may do what the user may, or less. */
  async function actorOf(
    input: { name: string; role: Role; user?: string | undefined },
    workspace: string,
  ): Promise<string> {
    if (!input.user) return `token:${input.name}`;
    const found = await users.findKnown(workspace, input.user);
    if (!found) throw errors.userNotFound({ name: input.user });
    const { user, rights } = found;
    if (!rights.some(({ role }) => isWithin(input.role, role)))
      throw errors.tokenRoleTooWide({ user: user.name, has: widestRole(rights), asked: input.role });
    return `${userPrefix}${user.name}`;
  }

  const assertReach = createReach({ isOfJob });

  return {
    /** What the call is about is not known yet: `assertReach` decides where that matters. @throws unauthenticated, tokenRateExceeded, tokenQuotaExceeded, loginRefused, loginThrottled, userDisabled, crossSiteRefused, permissionDenied */
    async authenticate(request: Request, permission: Permission): Promise<Caller> {
      const caller = await identify(request);
      const denial = findDenial(caller, permission, request.where);
      if (denial) throw denial;
      return caller;
    },

    assertReach,

    /** Of a request that was let in and has not ended: counts for no limit. False once its caller would be refused. */
    async isStillAllowed(request: Request, call: Call): Promise<boolean> {
      try {
        const caller = await recognize(request);
        if (findDenial(caller, call.permission, request.where)) return false;
        await assertReach(caller, call);
        return true;
      } catch (error) {
        if (error instanceof TidemillError && error.status < 500) return false;
        throw error;
      }
    },
    jobTokens: createJobTokens({ db, clock, isNeeded: !trustLocal }),

    /** Of somebody who has just logged in. */
    async whoamiOf(name: string): Promise<Identity> {
      const found = usable(await users.findKnown(defaultWorkspace, name), name);
      return this.whoami(callerFor(found, defaultWorkspace, 'session'));
    },

    whoami: ({ actor, role, workspace, resource, via = 'local', rights = [] }: Caller): Identity => ({
      ...{ actor, role, workspace, via },
      resource: resource ?? null,
      grants: (rights[0] ?? []).flatMap(({ role: each, resource: on }) =>
        on === null ? [] : [{ role: each, resource: on }],
      ),
    }),
    /** Whether there is a token that is good for the workspace, or an admin who can log in. */
    canAnybodyEnter: async () =>
      (await store.countUsable(clock.now())) > 0 || (await users.hasAdminWithPassword()),

    /** The secret is in this reply and nowhere else: only its hash is kept. */
    async createToken(
      input: {
        name: string;
        role: Role;
        user?: string | undefined;
        resource?: string | undefined;
        rate?: { perSecond: number; burst?: number | undefined } | undefined;
        perDay?: number | undefined;
        priority?: Priority | undefined;
        expiresInDays?: number | undefined;
      },
      caller: Caller,
    ): Promise<{ token: Token; secret: string }> {
      if (input.resource !== undefined) assertResource(input.resource);
      const secret = newSecret();
      const now = clock.now();
      const token: Token = {
        id: newId('token'),
        name: input.name,
        role: input.role,
        actor: await actorOf(input, caller.workspace),
        resource: input.resource ?? null,
        rate: input.rate ? toLimit(input.rate) : null,
        perDay: input.perDay ?? null,
        priority: input.priority ?? 'normal',
        createdAt: now,
        expiresAt: input.expiresInDays ? Math.round(now + input.expiresInDays * dayMs) : null,
        lastUsedAt: null,
        revokedAt: null,
      };
      await changes.run(caller, async (tx, record) => {
        await authStore(tx).insertToken(caller.workspace, token, hashSecret(secret));
        record({
          action: 'token.created',
          subject: `token:${token.id}`,
          detail: {
            ...{ name: token.name, role: token.role },
            ...(token.resource && { resource: token.resource }),
            ...(token.rate && { rate: token.rate }),
            ...(token.perDay !== null && { perDay: token.perDay }),
            ...(token.priority !== 'normal' && { priority: token.priority }),
          },
        });
      });
      return { token, secret };
    },

    async listTokens(
      input: { cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<Token>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      return toPage(await store.listTokens(caller.workspace, before, limit + 1), limit, (token) => token.id);
    },

    async revokeToken(input: { id: string }, caller: Caller): Promise<Record<string, never>> {
      await changes.run(caller, async (tx, record) => {
        const revoked = await authStore(tx).revoke(caller.workspace, input.id, clock.now());
        if (!revoked) throw errors.tokenNotFound(input);
        record({ action: 'token.revoked', subject: `token:${input.id}` });
      });
      grants.changed();
      return {};
    },

    /** In the transaction that deletes a user: one of the same name later has none of their tokens. */
    endTokens: (tx: Db, workspace: string, actor: string): Promise<void> =>
      authStore(tx).revokeAll(workspace, actor, clock.now()),

    /** Writes down what was counted. */
    stop: () => quotas.stop(),
  };
}

export type Auth = ReturnType<typeof createAuth>;
