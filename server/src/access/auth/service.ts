import type { Page, Permission, RateLimit, Role, Token, User } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import type { Changes } from '../audit/service.ts';
import { createJobTokens } from './job-tokens.ts';
import { createRateLimits } from './rate-limits.ts';
import { createReach, type ReachDependencies, roleRefusal } from './reach.ts';
import {
  assertResource,
  hashSecret,
  isWithin,
  mayRole,
  newSecret,
  secretOf,
  unknownReason,
} from './rules.ts';
import { authStore } from './store.ts';

export type { JobTokens } from './job-tokens.ts';
export { mayRole } from './rules.ts';

export interface AuthDependencies extends ReachDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
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
}

export function createAuth({ db, clock, changes, trustLocal, isOfJob }: AuthDependencies) {
  const store = authStore(db);
  const cache = new Map<string, Known & { readonly until: number }>();
  const limits = createRateLimits(clock);
  const touched = new Map<string, number>();

  async function findCaller(secret: string): Promise<Known> {
    const hash = hashSecret(secret);
    const cached = cache.get(hash);
    if (cached && cached.until > clock.now()) return cached;
    const found = await store.findByHash(hash);
    const now = clock.now();
    if (!found) throw errors.unauthenticated({ reason: unknownReason(secret) });
    if (found.token.revokedAt) throw errors.unauthenticated({ reason: 'the token was revoked' });
    if (found.token.expiresAt && found.token.expiresAt <= now)
      throw errors.unauthenticated({ reason: 'the token has expired' });
    const { id, actor, role, resource, rate } = found.token;
    const caller = { actor, role, workspace: found.workspace, ...(resource !== null && { resource }) };
    const known = { id, caller, rate };
    await touch(id, now);
    // Those of jobs die with them, at once and on every server.
    if (resource?.startsWith('job:')) return known;
    if (cache.size >= cacheSize) cache.clear();
    cache.set(hash, {
      ...known,
      until: Math.min(now + cacheMs, found.token.expiresAt ?? Number.MAX_SAFE_INTEGER),
    });
    return known;
  }

  /** Whoever asks too often is told so before anything is done. @throws tokenRateExceeded */
  async function findLimited(secret: string): Promise<Caller> {
    const { id, caller, rate } = await findCaller(secret);
    if (rate) limits.take(id, caller.actor, rate);
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
    const user = await store.findUser(workspace, input.user);
    if (!user) throw errors.userNotFound({ name: input.user });
    if (!isWithin(input.role, user.role)) {
      throw errors.tokenRoleTooWide({ user: user.name, has: user.role, asked: input.role });
    }
    return `user:${user.name}`;
  }

  return {
    /** @throws unauthenticated, tokenRateExceeded, permissionDenied */
    async authenticate(
      authorization: string | undefined,
      permission: Permission,
      where: string,
    ): Promise<Caller> {
      const secret = secretOf(authorization);
      if (!secret && !trustLocal) throw errors.unauthenticated({ reason: 'the request carries no token' });
      const caller: Caller = secret
        ? await findLimited(secret)
        : { actor: 'user:owner', role: 'admin', workspace: defaultWorkspace, isAnonymous: true };
      if (!mayRole(caller.role, permission)) throw roleRefusal(caller, permission, where);
      return caller;
    },

    assertReach: createReach({ isOfJob }),
    jobTokens: createJobTokens({ db, clock, isNeeded: !trustLocal }),

    whoami: ({ actor, role, workspace, resource }: Caller) => ({
      ...{ actor, role, workspace },
      resource: resource ?? null,
    }),
    hasUsableToken: async () => (await store.countUsable(clock.now())) > 0,

    createUser(input: { name: string; role: Role }, caller: Caller): Promise<User> {
      return changes.run(caller, async (tx, record) => {
        const user = await authStore(tx).insertUser(caller.workspace, {
          id: newId('user'),
          ...input,
          createdAt: clock.now(),
        });
        if (!user) throw errors.userExists({ name: input.name });
        record({ action: 'user.created', subject: `user:${user.name}`, detail: { role: user.role } });
        return user;
      });
    },

    async listUsers(
      input: { cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<User>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor ? decodeCursor(input.cursor, isText) : '';
      return toPage(await store.listUsers(caller.workspace, after, limit + 1), limit, (user) => user.name);
    },

    /** The secret is in this reply and nowhere else: only its hash is kept. */
    async createToken(
      input: {
        name: string;
        role: Role;
        user?: string | undefined;
        resource?: string | undefined;
        rate?: { perSecond: number; burst?: number | undefined } | undefined;
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
      cache.clear();
      return {};
    },
  };
}

export type Auth = ReturnType<typeof createAuth>;
