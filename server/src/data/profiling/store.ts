import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { KeptProfile } from './rules.ts';

interface ProfileKey {
  readonly digest: string;
  readonly revision: number;
  /** Named by the caller; empty when the profile finds its own. */
  readonly time: string;
}

export const profileStore = (db: Db) => ({
  async find({ digest, revision, time }: ProfileKey): Promise<KeptProfile | null> {
    const row = await db
      .selectFrom('dataset_profiles')
      .select('profile')
      .where('digest', '=', digest)
      .where('revision', '=', revision)
      .where('time_column', '=', time)
      .executeTakeFirst();
    return row ? parseJson(row.profile) : null;
  },

  /** The first to save wins: what two computed at once is equal. */
  async save({ digest, revision, time }: ProfileKey, profile: KeptProfile): Promise<void> {
    await db
      .insertInto('dataset_profiles')
      .values({ digest, revision, time_column: time, profile: json(profile) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },

  /** Contents that have a profile, behind `after`. */
  async listDigests(after: string, limit: number): Promise<string[]> {
    const rows = await db
      .selectFrom('dataset_profiles')
      .select('digest')
      .distinct()
      .where('digest', '>', after)
      .orderBy('digest')
      .limit(limit)
      .execute();
    return rows.map(({ digest }) => digest);
  },

  async delete(digests: readonly string[]): Promise<void> {
    await db.deleteFrom('dataset_profiles').where('digest', 'in', digests).execute();
  },
});
