import type { CardText } from '@tidemill/contract';
import { sql } from 'kysely';
import { type Db, json, lockKey, parseJson, type Tx } from '../../adapters/db/db.ts';
import { type CardFields, noFields } from './rules.ts';

export const cardStore = (db: Db) => ({
  /** From here to the transaction's end nobody else writes about this model. */
  lock: (workspace: string, model: string): Promise<void> => lockKey(db as Tx, `card/${workspace}/${model}`),

  async find(workspace: string, model: string): Promise<CardText | null> {
    const row = await db
      .selectFrom('model_card_texts')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .executeTakeFirst();
    if (!row) return null;
    const fields = parseJson<Partial<CardFields>>(row.fields);
    return { ...noFields, ...fields, updatedAt: row.updated_at, updatedBy: row.updated_by };
  },

  async save(workspace: string, model: string, fields: CardFields, at: number, by: string): Promise<void> {
    const value = { fields: json(fields), updated_at: at, updated_by: by };
    await db
      .insertInto('model_card_texts')
      .values({ workspace, model, ...value })
      .onConflict((conflict) => conflict.columns(['workspace', 'model']).doUpdateSet(value))
      .execute();
  },

  /** What was written under the new name before stays. */
  async rename(workspace: string, model: string, to: string): Promise<void> {
    await sql`update model_card_texts set model = ${to} where workspace = ${workspace} and model = ${model}
      and not exists (select 1 from model_card_texts there where there.workspace = ${workspace} and there.model = ${to})`.execute(
      db,
    );
  },
});
