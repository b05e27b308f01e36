/** What a job's command speaks to this server by: one token per attempt, dead with it. */
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { hashSecret, newJobSecret } from './rules.ts';
import { authStore } from './store.ts';

export interface JobTokensDependencies {
  readonly db: Db;
  readonly clock: Clock;
  /** Whether this server asks for tokens at all. */
  readonly isNeeded: boolean;
}

export function createJobTokens({ db, clock, isNeeded }: JobTokensDependencies) {
  return {
    /**
     * The secret of a new token, which replaces those of earlier attempts; null where nobody needs one. It reads, and
     * writes what is the job's own. `expiresAt`: null for a job that may take as long as it likes.
     */
    async issue(job: { id: string; workspace: string }, expiresAt: number | null): Promise<string | null> {
      if (!isNeeded) return null;
      const secret = newJobSecret();
      const resource = `job:${job.id}`;
      await transact(db, async (tx) => {
        const store = authStore(tx);
        await store.deleteOf(job.workspace, resource);
        const token = {
          ...({
            id: newId('token'),
            name: job.id,
            role: 'editor',
            actor: resource,
            resource,
            rate: null,
            perDay: null,
            priority: 'normal',
          } as const),
          ...{ createdAt: clock.now(), expiresAt, lastUsedAt: null, revokedAt: null },
        };
        await store.insertToken(job.workspace, token, hashSecret(secret));
      });
      return secret;
    },

    /** Also in the transaction that ends the job: from then on nobody writes in its name. */
    async end(job: { id: string; workspace: string }, tx: Db = db): Promise<void> {
      if (isNeeded) await authStore(tx).deleteOf(job.workspace, `job:${job.id}`);
    },
  };
}

export type JobTokens = ReturnType<typeof createJobTokens>;
