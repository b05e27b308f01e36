import type { Promotion } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, lockKey, type Tx } from '../../adapters/db/db.ts';
import type { GovernanceTables } from '../../adapters/db/tables/governance.ts';
import { formatReference } from '../../base/references.ts';

export interface StoredPromotion extends Omit<Promotion, 'model'> {
  readonly workspace: string;
  readonly model: string;
  readonly version: number;
}

export interface PromotionStep {
  readonly state: Promotion['state'];
  readonly reason: string;
  readonly rollout?: string | null;
}

export const promotionStore = (db: Db) => ({
  /** Until the transaction ends nobody else asks for the same alias. */
  lockWish: ({ workspace, model, alias }: Pick<StoredPromotion, 'workspace' | 'model' | 'alias'>) =>
    lockKey(db as Tx, `promotion/${workspace}/${model}/${alias}`),

  async insert(promotion: StoredPromotion): Promise<void> {
    const { createdAt, createdBy, updatedAt, ...rest } = promotion;
    const times = { created_at: createdAt, created_by: createdBy, updated_at: updatedAt };
    await db
      .insertInto('promotions')
      .values({ ...rest, ...times })
      .execute();
  },

  async find(workspace: string, id: string): Promise<StoredPromotion | null> {
    const row = await db
      .selectFrom('promotions')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? toStored(row) : null;
  },

  /** One that is under way for the same wish. */
  async findOpen(
    wish: Pick<StoredPromotion, 'workspace' | 'model' | 'version' | 'alias' | 'endpoint'>,
  ): Promise<StoredPromotion | null> {
    const row = await db
      .selectFrom('promotions')
      .selectAll()
      .where('workspace', '=', wish.workspace)
      .where('model', '=', wish.model)
      .where('version', '=', wish.version)
      .where('alias', '=', wish.alias)
      .where('endpoint', '=', wish.endpoint)
      .where('state', 'in', ['requested', 'started'])
      .executeTakeFirst();
    return row ? toStored(row) : null;
  },

  async listOfRollout(workspace: string, rollout: string): Promise<StoredPromotion[]> {
    const rows = await db
      .selectFrom('promotions')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('rollout', '=', rollout)
      .execute();
    return rows.map(toStored);
  },

  /** Newest first. */
  async list(filter: {
    workspace: string;
    model: string | undefined;
    before: string | undefined;
    limit: number;
  }): Promise<StoredPromotion[]> {
    let query = db.selectFrom('promotions').selectAll().where('workspace', '=', filter.workspace);
    if (filter.model !== undefined) query = query.where('model', '=', filter.model);
    if (filter.before !== undefined) query = query.where('id', '<', filter.before);
    const rows = await query.orderBy('id', 'desc').limit(filter.limit).execute();
    return rows.map(toStored);
  },

  /** False when it is no longer in the state that was seen: somebody else was quicker. */
  async advance(
    workspace: string,
    id: string,
    from: Promotion['state'],
    step: PromotionStep,
    now: number,
  ): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('promotions')
      .set({ ...step, updated_at: now })
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .where('state', '=', from)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },
});

export const toPromotion = ({ workspace: _, version, ...promotion }: StoredPromotion): Promotion => ({
  ...promotion,
  model: formatReference(promotion.model, version),
});

const toStored = ({
  created_at,
  created_by,
  updated_at,
  state,
  ...row
}: Selectable<GovernanceTables['promotions']>): StoredPromotion => ({
  ...row,
  state: state as Promotion['state'],
  createdAt: created_at,
  createdBy: created_by,
  updatedAt: updated_at,
});
