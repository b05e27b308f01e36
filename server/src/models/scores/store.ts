import type { Attestation } from '@tidemill/contract';
import { sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';

export const scoreStore = (db: Db) => ({
  /** By test. */
  async listAttestations(workspace: string, model: string): Promise<Map<string, Attestation>> {
    const rows = await db
      .selectFrom('model_attestations')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .execute();
    return new Map(
      rows.map(({ test, note, actor, created_at: createdAt }) => [test, { note, actor, createdAt }]),
    );
  },

  async saveAttestation(
    workspace: string,
    model: string,
    test: string,
    { note, actor, createdAt }: Attestation,
  ): Promise<void> {
    const value = { note, actor, created_at: createdAt };
    await db
      .insertInto('model_attestations')
      .values({ workspace, model, test, ...value })
      .onConflict((conflict) => conflict.columns(['workspace', 'model', 'test']).doUpdateSet(value))
      .execute();
  },

  async deleteAttestation(workspace: string, model: string, test: string): Promise<boolean> {
    const done = await db
      .deleteFrom('model_attestations')
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('test', '=', test)
      .executeTakeFirst();
    return done.numDeletedRows > 0n;
  },

  /** What was attested under the new name before stays. */
  async rename(workspace: string, model: string, to: string): Promise<void> {
    await sql`update model_attestations set model = ${to} where workspace = ${workspace} and model = ${model}
      and not exists (select 1 from model_attestations there where there.workspace = ${workspace}
        and there.model = ${to} and there.test = model_attestations.test)`.execute(db);
  },
});
