/** Logins of browsers: a secret in a cookie, of which the database holds a hash. */
import type { LoginSession, Page } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import type { Changes } from '../audit/service.ts';
import { hashOf, idleMs, newSessionSecret, sessionMs } from './rules.ts';
import { type StoredSession, sessionStore, userStore } from './store.ts';

interface SessionsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly epoch: () => number;
}

const rememberedMs = 5_000;
const mostRemembered = 1_000;
const seenEveryMs = 60_000;
const mostOfUser = 100;
const longestAgent = 300;

export function createSessions({ db, clock, changes, epoch }: SessionsDependencies) {
  const store = sessionStore(db);
  const known = new Map<string, StoredSession & { readonly until: number; readonly epoch: number }>();
  const live = (now = clock.now()) => ({ now, seenSince: now - idleMs });

  return {
    /** In the transaction of the login. Only this reply holds the secret. */
    async openIn(
      tx: Db,
      { workspace, user }: { workspace: string; user: string },
      from: { address: string; agent: string },
    ): Promise<{ secret: string; session: StoredSession }> {
      const now = clock.now();
      await sessionStore(tx).tidy(workspace, user, live(now), mostOfUser - 1);
      const secret = newSessionSecret();
      const session: StoredSession = {
        ...{ id: newId('session'), workspace, user, address: from.address },
        ...{ agent: from.agent.slice(0, longestAgent), createdAt: now, lastSeenAt: now },
        expiresAt: now + sessionMs,
      };
      await sessionStore(tx).insert(session, hashOf(secret));
      await userStore(tx).update(workspace, user, { last_login_at: now });
      return { secret, session };
    },

    /** Null: unknown, expired, or not used for too long. */
    async find(secret: string): Promise<StoredSession | null> {
      const hash = hashOf(secret);
      const now = clock.now();
      const cached = known.get(hash);
      if (cached && cached.until > now && cached.expiresAt > now && cached.epoch === epoch()) return cached;
      const at = epoch();
      const found = await store.findByHash(hash);
      if (!found || found.expiresAt <= now || found.lastSeenAt <= now - idleMs) return null;
      if (found.lastSeenAt <= now - seenEveryMs) await store.touch(found.id, now);
      if (known.size >= mostRemembered) known.clear();
      known.set(hash, { ...found, until: now + rememberedMs, epoch: at });
      return found;
    },

    async list(
      input: { user: string; cursor?: string | undefined; limit?: number | undefined },
      { workspace, session: current }: Caller,
    ): Promise<Page<LoginSession>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      const rows = await store.list(workspace, input.user, live(), { before, limit: limit + 1 });
      const { items, nextCursor } = toPage(rows, limit, ({ id }) => id);
      const shown = items.map(({ workspace: _workspace, user: _user, ...session }) => ({
        ...session,
        current: session.id === current,
      }));
      return { items: shown, nextCursor };
    },

    /** @throws sessionNotFound */
    async end(input: { user: string; id: string }, caller: Caller): Promise<void> {
      await changes.run(caller, async (tx, record) => {
        if (!(await sessionStore(tx).delete(caller.workspace, input.user, input.id)))
          throw errors.sessionNotFound({ id: input.id });
        record({ action: 'user.loggedOut', subject: `user:${input.user}`, detail: { session: input.id } });
      });
    },
  };
}
