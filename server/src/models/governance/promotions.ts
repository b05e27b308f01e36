import type { governanceEndpoints, Input, ModelVersion, Page, Promotion } from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import { mayCaller } from '../../access/grants/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { formatReference, parseUri, toUri } from '../../base/references.ts';
import type { Evaluations } from '../evaluation/service.ts';
import type { AliasWish, Registry } from '../registry/service.ts';
import type { Approvals } from './approvals.ts';
import type { Environments } from './environments.ts';
import type { Gates } from './gates.ts';
import { type PromotionStep, promotionStore, type StoredPromotion, toPromotion } from './promotion-store.ts';
import { findObstacle, findUnproven, isReleasable, type Proofs } from './rules.ts';
import { governanceStore } from './store.ts';

export interface PromotionsDependencies {
  readonly db: Db;
  readonly registry: Pick<Registry, 'resolve' | 'findAlias' | 'setAlias'>;
  readonly evaluations: Pick<Evaluations, 'list'>;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly proofsOf: (version: ModelVersion, caller: Caller) => Promise<Proofs>;
}

type Contract = typeof governanceEndpoints;
type Recorder = (change: Change) => void;

/** An alias that follows an endpoint is not moved: the wish to move it becomes a promotion, which has to win. */
export function createPromotions(
  deps: PromotionsDependencies,
  gates: Pick<Gates, 'check'> & Pick<Approvals, 'approve'> & Pick<Environments, 'findBar'>,
) {
  const { db, registry, evaluations, changes, clock } = deps;

  async function getStored(id: string, workspace: string): Promise<StoredPromotion> {
    const found = await promotionStore(db).find(workspace, id);
    if (!found) throw errors.promotionNotFound({ id });
    return found;
  }

  /** Why the version may not go out, or null. What can be asked without a person is asked now. */
  async function findReason(version: ModelVersion, caller: Caller): Promise<string | null> {
    if (version.state === 'retired') return 'it is retired; restore it first';
    if (isReleasable(version.approval)) return null;
    const { model: name, version: number, reference } = version;
    const store = governanceStore(db);
    const gate = await store.findGate(caller.workspace, name);
    const key = { workspace: caller.workspace, model: name, version: number };
    let check = await store.findLatestCheck(key);
    if (gate && (!check || check.createdAt < gate.updatedAt)) {
      const newest = (await evaluations.list({ model: reference, limit: 1 }, caller)).items[0];
      const target = { name, version: String(number) };
      if (newest) check = await gates.check({ ...target, evaluation: newest.id }, caller);
    }
    const unproven = findUnproven(gate?.approval ?? null, await deps.proofsOf(version, caller));
    return findObstacle(gate, check) ?? unproven ?? approveFor(version, check?.id ?? '', caller);
  }

  /** A passed gate opens only by the word of somebody who may approve. */
  async function approveFor(version: ModelVersion, check: string, caller: Caller): Promise<string | null> {
    if (!mayCaller(caller, 'approve', `model:${version.model}`))
      return `its gate passed (${check}), but nobody who may approve has approved it`;
    const { model: name, version: number } = version;
    const reason = `asked to be promoted by alias; the gate passed (${check})`;
    const { missing } = await gates.approve({ name, version: String(number), reason }, caller);
    return missing === 0 ? null : `its gate passed (${check}), but ${missing} more must approve it`;
  }

  /** The same wish while it is under way is the same promotion. */
  async function request(wish: AliasWish, endpointUri: string, caller: Caller): Promise<StoredPromotion> {
    const { workspace } = caller;
    const { name: model, version, alias } = wish;
    const endpoint = parseUri(endpointUri).reference;
    const found = await registry.resolve(formatReference(model, version), workspace);
    const open = await promotionStore(db).findOpen({ workspace, model, version, alias, endpoint });
    if (open) return open;
    const bar = await gates.findBar(db, workspace, found, alias);
    const obstacle = bar ? `${bar.environment}: ${bar.reason}` : await findReason(found, caller);
    const now = clock.now();
    const promotion: StoredPromotion = {
      ...{ workspace, id: newId('pr'), model, version, alias, endpoint },
      state: obstacle === null ? 'requested' : 'refused',
      reason: obstacle ?? 'the version may go out; its rollout starts',
      rollout: null,
      ...{ createdAt: now, createdBy: caller.actor, updatedAt: now },
    };
    return changes.run(caller, async (tx, record) => {
      const store = promotionStore(tx);
      await store.lockWish(promotion);
      const other = await store.findOpen(promotion);
      if (other) return other;
      await store.insert(promotion);
      const { id, state, reason } = promotion;
      const detail = { id, name: model, version: String(version), alias, endpoint, state, reason };
      record({ action: `promotion.${state}`, subject: toUri('promotion', id), detail });
      return promotion;
    });
  }

  async function move(tx: Db, record: Recorder, from: StoredPromotion, step: PromotionStep): Promise<void> {
    const { workspace, id, state } = from;
    const isMoved = await promotionStore(tx).advance(workspace, id, state, step, clock.now());
    if (!isMoved) throw errors.promotionTaken({ id, state: 'in other hands' });
    const detail = { id, ...step };
    record({ action: `promotion.${step.state}`, subject: toUri('promotion', id), detail });
  }

  return {
    /** Moves an alias that nothing follows. @throws promotionRequested, promotionRefused when an endpoint does */
    async setAlias(wish: AliasWish, caller: Caller): Promise<void> {
      const { number, endpointUri } = await registry.findAlias(wish, caller.workspace);
      if (endpointUri === null) return registry.setAlias(wish, caller);
      if (number === wish.version) return;
      const promotion = await request(wish, endpointUri, caller);
      const { id, alias, state, reason, rollout } = promotion;
      const model = formatReference(wish.name, wish.version);
      const about = { promotion: id, model, alias, endpoint: endpointUri };
      if (state === 'refused') throw errors.promotionRefused({ ...about, reason });
      throw errors.promotionRequested({ ...about, state, rollout: rollout ?? 'about to start' });
    },

    getPromotion: async ({ id }: { id: string }, caller: Caller): Promise<Promotion> =>
      toPromotion(await getStored(id, caller.workspace)),

    async listPromotions(input: Input<Contract['listPromotions']>, caller: Caller): Promise<Page<Promotion>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const filter = { workspace: caller.workspace, model: input.model, before, limit: limit + 1 };
      const page = toPage(await promotionStore(db).list(filter), limit, (promotion) => promotion.id);
      return { ...page, items: page.items.map(toPromotion) };
    },

    /** In the transaction that starts its rollout, so that one is started once. @throws promotionTaken */
    async startPromotion(
      tx: Db,
      record: Recorder,
      id: string,
      rollout: string,
      caller: Caller,
    ): Promise<void> {
      const found = await promotionStore(tx).find(caller.workspace, id);
      if (found?.state !== 'requested') throw errors.promotionTaken({ id, state: found?.state ?? 'gone' });
      await move(tx, record, found, { state: 'started', reason: `${rollout} decides`, rollout });
    },

    /** What its rollout, or the try to start one, came to. What has ended, or is there already, stays. */
    async movePromotion(id: string, step: PromotionStep, caller: Caller): Promise<void> {
      await changes.run(caller, async (tx, record) => {
        const found = await promotionStore(tx).find(caller.workspace, id);
        const isOpen = found?.state === 'requested' || found?.state === 'started';
        if (isOpen && found.state !== step.state) await move(tx, record, found, step);
      });
    },

    promotionsOf: async (rollout: string, workspace: string): Promise<Promotion[]> =>
      (await promotionStore(db).listOfRollout(workspace, rollout)).map(toPromotion),
  };
}
