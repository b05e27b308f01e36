import type {
  Approval,
  ApprovalRecord,
  Gate,
  GateCheck,
  governanceEndpoints,
  Input,
  ModelVersion,
  Page,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { formatReference, toUri } from '../../base/references.ts';
import type { Evaluations } from '../evaluation/service.ts';
import type { Registry } from '../registry/service.ts';
import { checkRules, findFault, findObstacle, isReleasable, toVariables } from './rules.ts';
import { governanceStore } from './store.ts';

export interface GatesDependencies {
  readonly db: Db;
  readonly registry: Pick<Registry, 'resolve' | 'setApprovalIn' | 'approvalIn'>;
  readonly evaluations: Pick<Evaluations, 'get'>;
  readonly changes: Changes;
  readonly clock: Clock;
}

type Contract = typeof governanceEndpoints;

const keyOf = (workspace: string, { model, version }: ModelVersion) => ({ workspace, model, version });

/** Which version may go out: rules that must hold, and people's decisions with their reasons. */
export function createGates({ db, registry, evaluations, changes, clock }: GatesDependencies) {
  /** Writes the decision, the version's approval and the audit row together. */
  async function decide(
    tx: Db,
    version: ModelVersion,
    decision: { decision: Approval; reason: string; gateCheck: string | null },
    caller: Caller,
  ): Promise<ApprovalRecord> {
    const record: ApprovalRecord = {
      id: newId('ap'),
      model: version.reference,
      ...decision,
      actor: caller.actor,
      createdAt: clock.now(),
    };
    await governanceStore(tx).insertApproval(keyOf(caller.workspace, version), record);
    await registry.setApprovalIn(tx, caller.workspace, version, decision.decision);
    return record;
  }

  function assertReason(version: ModelVersion, reason: string): void {
    if (reason.trim() === '') throw errors.approvalReasonMissing({ model: version.reference });
  }

  return {
    /** Rules that could never be evaluated are refused now, not at the first check. @throws gateRuleInvalid */
    async putGate({ name, rules }: Input<Contract['putGate']>, caller: Caller): Promise<Gate> {
      for (const rule of rules) {
        const reason = findFault(rule, rules);
        if (reason) throw errors.gateRuleInvalid({ model: name, rule: rule.name, reason });
      }
      return changes.run(caller, async (tx, record) => {
        const store = governanceStore(tx);
        const before = await store.findGate(caller.workspace, name);
        // Declaring the same gate again must not make earlier checks stale.
        if (before && JSON.stringify(before.rules) === JSON.stringify(rules)) return before;
        const gate: Gate = { model: name, rules, updatedAt: clock.now() };
        await store.saveGate(caller.workspace, gate, caller.actor);
        record({
          action: 'gate.put',
          subject: toUri('gate', name),
          detail: { before: before?.rules, rules },
        });
        return gate;
      });
    },

    async getGate({ name }: Input<Contract['getGate']>, caller: Caller): Promise<Gate> {
      const found = await governanceStore(db).findGate(caller.workspace, name);
      if (!found) throw errors.gateNotFound({ model: name });
      return found;
    },

    /** Holds an evaluation of exactly this version against the gate as it is now. */
    async check(input: Input<Contract['check']>, caller: Caller): Promise<GateCheck> {
      const version = await registry.resolve(formatReference(input.name, input.version), caller.workspace);
      const evaluation = await evaluations.get({ id: input.evaluation }, caller);
      if (evaluation.model !== version.reference) {
        throw errors.gateEvaluationMismatch({
          model: version.reference,
          evaluation: evaluation.id,
          found: evaluation.model,
        });
      }
      return changes.run(caller, async (tx, record) => {
        const store = governanceStore(tx);
        const gate = await store.findGate(caller.workspace, version.model);
        if (!gate) throw errors.gateNotFound({ model: version.model });
        const results = checkRules(gate.rules, toVariables(evaluation));
        const check: GateCheck = {
          id: newId('gc'),
          model: version.reference,
          evaluation: evaluation.id,
          passed: results.every((result) => result.passed),
          results,
          createdAt: clock.now(),
          createdBy: caller.actor,
        };
        await store.insertCheck(keyOf(caller.workspace, version), check);
        const { id, passed } = check;
        const failed = results.filter((result) => !result.passed).map((result) => result.rule);
        const action = passed ? 'gate.passed' : 'gate.refused';
        record({ action, subject: version.uri, detail: { check: id, evaluation: evaluation.id, failed } });
        return check;
      });
    },

    /** A passed check approves; without one it takes an override, whose reason is kept. @throws gateRefused */
    async approve(input: Input<Contract['approve']>, caller: Caller): Promise<ApprovalRecord> {
      const version = await registry.resolve(formatReference(input.name, input.version), caller.workspace);
      assertReason(version, input.reason);
      return changes.run(caller, async (tx, record) => {
        const store = governanceStore(tx);
        const check = await store.findLatestCheck(keyOf(caller.workspace, version));
        const obstacle = findObstacle(await store.findGate(caller.workspace, version.model), check);
        if (obstacle && !input.override) {
          throw errors.gateRefused({ model: version.reference, reason: obstacle });
        }
        const decision = obstacle ? 'overridden' : 'approved';
        const approval = await decide(
          tx,
          version,
          { decision, reason: input.reason, gateCheck: check?.id ?? null },
          caller,
        );
        const detail = { reason: input.reason, gateCheck: check?.id ?? null, ...(obstacle && { obstacle }) };
        record({ action: `model.${decision}`, subject: version.uri, detail });
        return approval;
      });
    },

    /** Marks a version as one that must not go out; a later approval or override lifts it. */
    async refuse(
      reference: string,
      reason: string,
      gateCheckId: string | null,
      caller: Caller,
    ): Promise<ApprovalRecord> {
      const version = await registry.resolve(reference, caller.workspace);
      assertReason(version, reason);
      return changes.run(caller, async (tx, record) => {
        const decision = { decision: 'refused', reason, gateCheck: gateCheckId } as const;
        const refusal = await decide(tx, version, decision, caller);
        record({ action: 'model.refused', subject: version.uri, detail: { reason, gateCheck: gateCheckId } });
        return refusal;
      });
    },

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

export type Gates = ReturnType<typeof createGates>;
