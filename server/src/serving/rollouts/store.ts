import type { Rollout } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { RolloutsTable } from '../../adapters/db/tables/rollouts.ts';
import type { Policy, Stage } from './rules.ts';
import type { Contest } from './variants.ts';

export interface StoredRollout extends Omit<Rollout, 'policy' | keyof Contest>, Contest {
  readonly workspace: string;
  readonly policy: Policy;
  readonly canaryAt: number | null;
}

export const rolloutStore = (db: Db) => ({
  async insert(rollout: StoredRollout): Promise<void> {
    await db
      .insertInto('rollouts')
      .values({
        id: rollout.id,
        workspace: rollout.workspace,
        endpoint: rollout.endpoint,
        candidate: rollout.candidate,
        view: rollout.service === null ? rollout.view : `${servicePrefix}${rollout.service}`,
        champion: rollout.champion,
        champion_variant: rollout.championVariant,
        candidate_variant: rollout.candidateVariant,
        stage: rollout.stage,
        evidence: null,
        policy: json(rollout.policy),
        timeline: json(rollout.timeline),
        created_at: rollout.createdAt,
        canary_at: rollout.canaryAt,
        finished_at: null,
        active_endpoint: rollout.endpoint,
      })
      .execute();
  },

  async find(workspace: string, id: string): Promise<StoredRollout | null> {
    const row = await db
      .selectFrom('rollouts')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? toRollout(row) : null;
  },

  async findActive(workspace: string, endpoint: string): Promise<StoredRollout | null> {
    const row = await db
      .selectFrom('rollouts')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('active_endpoint', '=', endpoint)
      .executeTakeFirst();
    return row ? toRollout(row) : null;
  },

  async list(filter: {
    workspace: string;
    endpoint?: string | undefined;
    before?: string | undefined;
    limit: number;
  }): Promise<StoredRollout[]> {
    let query = db.selectFrom('rollouts').selectAll().where('workspace', '=', filter.workspace);
    if (filter.endpoint !== undefined) query = query.where('endpoint', '=', filter.endpoint);
    if (filter.before !== undefined) query = query.where('id', '<', filter.before);
    return (await query.orderBy('id', 'desc').limit(filter.limit).execute()).map(toRollout);
  },

  async saveEvidence(id: string, evidence: Rollout['evidence']): Promise<void> {
    await db
      .updateTable('rollouts')
      .set({ evidence: json(evidence) })
      .where('id', '=', id)
      .execute();
  },

  /** False when the rollout is no longer at the stage it was judged at: somebody else was quicker. */
  async advance(
    from: Pick<StoredRollout, 'id' | 'stage'>,
    to: Pick<StoredRollout, 'stage' | 'timeline' | 'evidence' | 'canaryAt' | 'finishedAt'>,
  ): Promise<boolean> {
    const result = await db
      .updateTable('rollouts')
      .set({
        stage: to.stage,
        timeline: json(to.timeline),
        evidence: to.evidence === null ? null : json(to.evidence),
        canary_at: to.canaryAt,
        finished_at: to.finishedAt,
        ...(to.finishedAt !== null && { active_endpoint: null }),
      })
      .where('id', '=', from.id)
      .where('stage', '=', from.stage)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },
});

const servicePrefix = 'service:';

/** One column holds both. */
const readsOf = (kept: string | null): Pick<Contest, 'view' | 'service'> =>
  kept?.startsWith(servicePrefix)
    ? { view: null, service: kept.slice(servicePrefix.length) }
    : { view: kept, service: null };

const toRollout = (row: Selectable<RolloutsTable>): StoredRollout => ({
  id: row.id,
  workspace: row.workspace,
  endpoint: row.endpoint,
  candidate: row.candidate,
  ...readsOf(row.view),
  champion: row.champion,
  championVariant: row.champion_variant,
  candidateVariant: row.candidate_variant,
  stage: row.stage as Stage,
  evidence: row.evidence === null ? null : parseJson<Rollout['evidence']>(row.evidence),
  policy: parseJson<Policy>(row.policy),
  timeline: parseJson<Rollout['timeline']>(row.timeline),
  createdAt: row.created_at,
  canaryAt: row.canary_at,
  finishedAt: row.finished_at,
});
