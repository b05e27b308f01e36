import type { Approval, ModelState, Transition } from '@tidemill/contract';
import { sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';

interface Key {
  readonly workspace: string;
  readonly model: string;
  readonly number: number;
}

export interface StoredMove {
  readonly alias: string;
  readonly number: number | null;
  readonly reason: string;
  readonly actor: string;
  readonly at: number;
}

const mostListed = 1000;

export const lifecycleStore = (db: Db) => ({
  async findStanding({ workspace, model, number }: Key) {
    const row = await db
      .selectFrom('model_versions')
      .select(['state', 'approval', 'stage'])
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('number', '=', number)
      .executeTakeFirst();
    return row && { state: row.state as ModelState, approval: row.approval as Approval, stage: row.stage };
  },

  async setState(
    { workspace, model, number }: Key,
    change: { readonly state: ModelState; readonly stage?: string; readonly approval?: Approval },
    now: number,
  ): Promise<void> {
    await db
      .updateTable('model_versions')
      .set({ ...change, updated_at: now })
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('number', '=', number)
      .execute();
  },

  async insertTransition(key: Key, { from, to, cause, reason, actor, createdAt }: Omit<Transition, 'model'>) {
    await db
      .insertInto('model_transitions')
      .values({ ...key, from_state: from, to_state: to, cause, reason, actor, created_at: createdAt })
      .execute();
  },

  /** Newest first. */
  async listTransitions({ workspace, model, number }: Key): Promise<Omit<Transition, 'model'>[]> {
    const rows = await db
      .selectFrom('model_transitions')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('number', '=', number)
      .orderBy('seq', 'desc')
      .limit(mostListed)
      .execute();
    return rows.map((row) => ({
      from: row.from_state as ModelState,
      to: row.to_state as ModelState,
      cause: row.cause as Transition['cause'],
      ...{ reason: row.reason, actor: row.actor, createdAt: row.created_at },
    }));
  },

  async insertMove(workspace: string, model: string, { at, ...move }: StoredMove): Promise<void> {
    await db
      .insertInto('model_alias_moves')
      .values({ workspace, model, ...move, created_at: at })
      .execute();
  },

  /** Newest first. */
  async listMoves(workspace: string, model: string, alias: string): Promise<StoredMove[]> {
    const rows = await db
      .selectFrom('model_alias_moves')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('alias', '=', alias)
      .orderBy('seq', 'desc')
      .limit(mostListed)
      .execute();
    return rows.map(({ number, reason, actor, created_at }) => ({
      ...{ alias, number, reason, actor, at: created_at },
    }));
  },

  async rename(workspace: string, model: string, to: string): Promise<void> {
    for (const table of ['model_transitions', 'model_alias_moves'])
      await sql`update ${sql.table(table)} set model = ${to}
        where workspace = ${workspace} and model = ${model}`.execute(db);
  },
});
