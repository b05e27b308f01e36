import type { Db } from '../../adapters/db/db.ts';
import type { Sealed, SecretAddress } from './rules.ts';

export const secretStore = (db: Db) => ({
  /** The newest value replaces the one before. */
  async save({ workspace, owner, name }: SecretAddress, sealed: Sealed, now: number): Promise<void> {
    const value = {
      ciphertext: sealed.ciphertext,
      nonce: sealed.nonce,
      key_id: sealed.keyId,
      created_at: now,
    };
    await db
      .insertInto('secrets')
      .values({ workspace, owner, name, ...value })
      .onConflict((conflict) => conflict.columns(['workspace', 'owner', 'name']).doUpdateSet(value))
      .execute();
  },

  async find({ workspace, owner, name }: SecretAddress): Promise<Sealed | null> {
    const row = await db
      .selectFrom('secrets')
      .select(['ciphertext', 'nonce', 'key_id'])
      .where('workspace', '=', workspace)
      .where('owner', '=', owner)
      .where('name', '=', name)
      .executeTakeFirst();
    return row ? { ciphertext: row.ciphertext, nonce: row.nonce, keyId: row.key_id } : null;
  },

  async delete({ workspace, owner, name }: SecretAddress): Promise<void> {
    await db
      .deleteFrom('secrets')
      .where('workspace', '=', workspace)
      .where('owner', '=', owner)
      .where('name', '=', name)
      .execute();
  },
});
