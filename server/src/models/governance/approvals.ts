import type { ApprovalRecord, governanceEndpoints, Input, ModelVersion, Page } from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { formatReference } from '../../base/references.ts';
import type { Registry } from '../registry/service.ts';
import { endorsersOf, findUnfitness } from './approval-rules.ts';
import { findObstacle, findUnproven, isReleasable, type Proofs } from './rules.ts';
import { governanceStore } from './store.ts';

export interface ApprovalsDependencies {
  readonly db: Db;
  readonly registry: Pick<Registry, 'resolve' | 'setApprovalIn' | 'approvalIn' | 'lifecycle'>;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly proofsOf: (version: ModelVersion, caller: Caller) => Promise<Proofs>;
}

type Contract = typeof governanceEndpoints;
type Decision = Omit<ApprovalRecord, 'id' | 'model' | 'environment' | 'actor' | 'createdAt'>;

const keyOf = (workspace: string, { model, version }: ModelVersion) => ({ workspace, model, version });

/** People's decisions on versions, with their reasons. */
export function createApprovals({ db, registry, changes, clock, proofsOf }: ApprovalsDependencies) {
  /** Writes the decision and, where it is the last word, the version's approval. */
  async function decide(
    tx: Db,
    note: (change: Change) => void,
    version: ModelVersion,
    decision: Decision,
    caller: Caller,
  ): Promise<ApprovalRecord> {
    const record: ApprovalRecord = {
      id: newId('ap'),
      model: version.reference,
      environment: null,
      ...decision,
      actor: caller.actor,
      createdAt: clock.now(),
    };
    await governanceStore(tx).insertApproval(keyOf(caller.workspace, version), record);
    if (decision.decision === 'endorsed') return record;
    await registry.setApprovalIn(tx, caller.workspace, version, decision.decision);
    const cause = decision.decision === 'refused' ? 'refused' : 'approved';
    await registry.lifecycle.moveIn(tx, note, version, { cause, reason: decision.reason }, caller);
    return record;
  }

  function assertReason(version: ModelVersion, reason: string): void {
    if (reason.trim() === '') throw errors.approvalReasonMissing({ model: version.reference });
  }

  return {
    /**
     * A passed check approves; without one it takes an override, whose reason is kept. Where the gate's policy asks for more
     * people, each word is kept, and the last of them lets the version out.
     * @throws gateRefused, approverUnfit, approvalHandoverMissing
     */
    async approve(input: Input<Contract['approve']>, caller: Caller): Promise<ApprovalRecord> {
      const version = await registry.resolve(formatReference(input.name, input.version), caller.workspace);
      const model = version.reference;
      assertReason(version, input.reason);
      const proofs = await proofsOf(version, caller);
      return changes.run(caller, async (tx, record) => {
        const store = governanceStore(tx);
        const key = keyOf(caller.workspace, version);
        // Two who approve at once must see each other: the second is the last word.
        await store.lockDecisions(key);
        await registry.lifecycle.assertUnretired(tx, caller.workspace, version, 'nobody can approve it');
        const [gate, check] = [
          await store.findGate(caller.workspace, version.model),
          await store.findLatestCheck(key),
        ];
        const policy = gate?.approval ?? null;
        const unfit = findUnfitness(policy, version.createdBy, caller);
        if (unfit) throw errors.approverUnfit({ model, actor: caller.actor, reason: unfit });
        if (policy?.handover && !input.handover?.trim()) throw errors.approvalHandoverMissing({ model });
        const obstacle = findObstacle(gate, check) ?? findUnproven(policy, proofs);
        if (obstacle && !input.override) throw errors.gateRefused({ model, reason: obstacle });
        const people = endorsersOf(await store.listApprovals(key, null), gate, check).add(caller.actor);
        const missing = Math.max(0, (policy?.approvers ?? 1) - people.size);
        const decision: Decision['decision'] =
          missing > 0 ? 'endorsed' : obstacle ? 'overridden' : 'approved';
        const { reason, handover = null } = input;
        const gateCheck = check?.id ?? null;
        const approval = await decide(
          tx,
          record,
          version,
          { decision, reason, handover, missing, gateCheck },
          caller,
        );
        const detail = { reason, gateCheck, ...(obstacle && { obstacle }), ...(missing > 0 && { missing }) };
        record({ action: `model.${decision}`, subject: version.uri, detail });
        return approval;
      });
    },

    /** Marks a version as one that must not go out; a later approval or override lifts it. */
    async refuse(
      reference: string,
      reason: string,
      gateCheck: string | null,
      caller: Caller,
    ): Promise<ApprovalRecord> {
      const version = await registry.resolve(reference, caller.workspace);
      assertReason(version, reason);
      return changes.run(caller, async (tx, record) => {
        await governanceStore(tx).lockDecisions(keyOf(caller.workspace, version));
        const decision = { decision: 'refused', reason, handover: null, missing: 0, gateCheck } as const;
        const refusal = await decide(tx, record, version, decision, caller);
        record({ action: 'model.refused', subject: version.uri, detail: { reason, gateCheck } });
        return refusal;
      });
    },

    /** Newest first. */
    async listApprovals(
      input: Input<Contract['listApprovals']>,
      caller: Caller,
    ): Promise<Page<ApprovalRecord>> {
      const version = await registry.resolve(formatReference(input.name, input.version), caller.workspace);
      const items = await governanceStore(db).listApprovals(keyOf(caller.workspace, version));
      return { items, nextCursor: null };
    },

    /** For whoever is about to serve them, in the same transaction. @throws modelNotApproved naming the version */
    async assertReleasable(tx: Db, workspace: string, modelUris: readonly string[]): Promise<void> {
      for (const uri of new Set(modelUris)) {
        const approval = await registry.approvalIn(tx, workspace, uri);
        if (isReleasable(approval)) continue;
        throw errors.modelNotApproved({ model: uri.replace(/^model:/, ''), approval });
      }
    },
  };
}

export type Approvals = ReturnType<typeof createApprovals>;
