/** Wishes to move an alias that an endpoint follows: each starts one rollout, whose end is written back to it. */
import type { Promotion, Rollout } from '@tidemill/contract';
import type { Change } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { TidemillError } from '../../base/errors.ts';
import type { Events, StoredEvent } from '../../platform/events/service.ts';
import type { Rollouts } from './service.ts';

type Recorder = (change: Change) => void;
type Step = { readonly state: Promotion['state']; readonly reason: string; readonly rollout?: string };

export interface PromotionsDependencies {
  readonly events: Pick<Events, 'on'>;
  readonly promotions: {
    getPromotion(input: { id: string }, caller: Caller): Promise<Promotion>;
    promotionsOf(rollout: string, workspace: string): Promise<readonly Promotion[]>;
    startPromotion(tx: Db, record: Recorder, id: string, rollout: string, caller: Caller): Promise<void>;
    movePromotion(id: string, step: Step, caller: Caller): Promise<void>;
  };
  readonly rollouts: Pick<Rollouts, 'start' | 'activeFor'>;
}

export function followPromotions({ events, promotions, rollouts }: PromotionsDependencies): void {
  events.on('promotions', ['promotion.requested', 'rollout.advanced'], (event) =>
    event.kind === 'promotion.requested' ? begin(event) : settle(event),
  );

  /** An event may be told again: what is not `requested` any more has its rollout, or none. */
  async function begin({ payload, actor, workspace }: StoredEvent): Promise<void> {
    const caller: Caller = { actor, role: 'admin', workspace };
    const promotion = await promotions.getPromotion({ id: String(payload.id) }, caller);
    if (promotion.state !== 'requested') return;
    const active = await rollouts.activeFor(promotion.endpoint, workspace);
    await promotions.movePromotion(promotion.id, await stepFor(promotion, active, caller), caller);
  }

  async function stepFor(promotion: Promotion, active: Rollout | null, caller: Caller): Promise<Step> {
    if (!active) return start(promotion, caller);
    const { id, candidate } = active;
    if (candidate === promotion.model)
      return { state: 'started', reason: `${id} had begun before and decides`, rollout: id };
    const reason = `${promotion.endpoint} has a rollout of ${candidate} under way (${id}); set the alias again when it has ended`;
    return { state: 'ended', reason };
  }

  /** The rollout and the promotion's word of it are one transaction. */
  async function start({ id, endpoint, model, alias }: Promotion, caller: Caller): Promise<Step> {
    const reason = `${id}: alias '${alias}' was asked for`;
    try {
      const rollout = await rollouts.start(
        { endpoint, candidate: model, reason },
        caller,
        (tx, record, started) => promotions.startPromotion(tx, record, id, started, caller),
      );
      return { state: 'started', reason: `${rollout.id} decides`, rollout: rollout.id };
    } catch (error) {
      if (!(error instanceof TidemillError) || error.status >= 500) throw error;
      return { state: 'ended', reason: error.message };
    }
  }

  async function settle({ payload, workspace, actor }: StoredEvent): Promise<void> {
    const { id, stage, text } = payload;
    if (stage === 'shadow' || stage === 'canary') return;
    const caller: Caller = { actor, role: 'admin', workspace };
    const state = stage === 'promoted' ? 'promoted' : 'ended';
    for (const promotion of await promotions.promotionsOf(String(id), workspace))
      await promotions.movePromotion(promotion.id, { state, reason: `${stage}: ${text}` }, caller);
  }
}
