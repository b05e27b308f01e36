import type {
  ApprovalRecord,
  EnvironmentPolicy,
  EnvironmentState,
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
import { formatReference } from '../../base/references.ts';
import type { Registry } from '../registry/service.ts';
import { endorsersOf, findUnfitness } from './approval-rules.ts';
import { findObstacle, findUnproven, type Proofs } from './rules.ts';
import { governanceStore } from './store.ts';

export interface EnvironmentsDependencies {
  readonly db: Db;
  readonly registry: Pick<Registry, 'resolve' | 'approvalIn'>;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly proofsOf: (version: ModelVersion, caller: Caller) => Promise<Proofs>;
}

type Contract = typeof governanceEndpoints;

/** The environment that an alias or a stage stands for: `Production` is `production`. */
const environmentOf = (aliasOrStage: string): string => aliasOrStage.toLowerCase();

/** The gate as this environment asks it: only the rules that it names. */
function gateFor(gate: Gate, check: GateCheck | null, policy: EnvironmentPolicy) {
  const isAsked = ({ rule }: { readonly rule: string }) => policy.rules?.includes(rule) ?? true;
  const results = check?.results.filter(isAsked) ?? [];
  const passed = results.every(({ passed: holds, severity }) => holds || severity === 'warn');
  return {
    gate: { ...gate, approval: policy.approval ?? null },
    check: check && { ...check, results, passed },
  };
}

/** What an alias or a stage asks of the versions that it is given to. */
export function createEnvironments({ db, registry, changes, clock, proofsOf }: EnvironmentsDependencies) {
  interface Standing {
    readonly policy: EnvironmentPolicy;
    readonly check: GateCheck | null;
    /** Of the rules; null where they hold. */
    readonly obstacle: string | null;
    /** Who has approved it for this environment, for what is known now. */
    readonly people: ReadonlySet<string>;
    readonly isOverridden: boolean;
  }

  type Version = Pick<ModelVersion, 'model' | 'version'>;

  async function standingOf(
    tx: Db,
    workspace: string,
    version: Version,
    name: string,
  ): Promise<Standing | null> {
    const store = governanceStore(tx);
    const gate = await store.findGate(workspace, version.model);
    const policy = gate?.environments[name];
    if (!gate || !policy) return null;
    const key = { workspace, model: version.model, version: version.version };
    const asked = gateFor(gate, await store.findLatestCheck(key), policy);
    const records = await store.listApprovals(key, name);
    const newest = records.find(({ decision }) => decision !== 'endorsed');
    return {
      policy,
      check: asked.check,
      obstacle: findObstacle(asked.gate, asked.check),
      people: endorsersOf(records, asked.gate, asked.check),
      isOverridden:
        newest?.decision === 'overridden' &&
        newest.gateCheck === (asked.check?.id ?? null) &&
        newest.createdAt >= gate.updatedAt,
    };
  }

  const missingOf = ({ policy, people }: Standing): number =>
    policy.approval === undefined ? 0 : Math.max(0, (policy.approval.approvers ?? 1) - people.size);

  /** Why a version may not be given this alias or stage, or null. */
  async function findBar(
    tx: Db,
    workspace: string,
    version: Version,
    aliasOrStage: string,
  ): Promise<{ environment: string; reason: string } | null> {
    const environment = environmentOf(aliasOrStage);
    const standing = await standingOf(tx, workspace, version, environment);
    if (!standing || standing.isOverridden) return null;
    if (standing.obstacle) return { environment, reason: standing.obstacle };
    const missing = missingOf(standing);
    if (missing === 0) return null;
    const people = missing === 1 ? 'one person' : `${missing} people`;
    return { environment, reason: `${people} must approve it for this environment first` };
  }

  return {
    findBar,

    /** In the transaction that gives the alias or stage. @throws environmentRefused */
    async assertMayEnter(tx: Db, workspace: string, version: Version, aliasOrStage: string): Promise<void> {
      const bar = await findBar(tx, workspace, version, aliasOrStage);
      if (bar)
        throw errors.environmentRefused({ model: formatReference(version.model, version.version), ...bar });
    },

    /** Each environment that the gate names, and whether this version may enter it now. */
    async listEnvironments(
      input: Input<Contract['listEnvironments']>,
      caller: Caller,
    ): Promise<Page<EnvironmentState>> {
      const { workspace } = caller;
      const version = await registry.resolve(formatReference(input.name, input.version), workspace);
      const gate = await governanceStore(db).findGate(workspace, version.model);
      const items: EnvironmentState[] = [];
      for (const [environment, policy] of Object.entries(gate?.environments ?? {})) {
        const bar = await findBar(db, workspace, version, environment);
        items.push({ environment, policy, allowed: bar === null, reason: bar?.reason ?? '' });
      }
      return { items, nextCursor: null };
    },

    /**
     * One word for one environment; the version's own approval stays what it is.
     * @throws environmentUnknown, environmentRefused, approverUnfit, approvalHandoverMissing
     */
    async approveFor(input: Input<Contract['approveFor']>, caller: Caller): Promise<ApprovalRecord> {
      const { workspace } = caller;
      const { environment, reason, handover = null } = input;
      const version = await registry.resolve(formatReference(input.name, input.version), workspace);
      const model = version.reference;
      const key = { workspace, model: version.model, version: version.version };
      const proofs = await proofsOf(version, caller);
      return changes.run(caller, async (tx, record) => {
        const store = governanceStore(tx);
        await store.lockDecisions(key);
        const standing = await standingOf(tx, workspace, version, environment);
        if (!standing) {
          const known = Object.keys((await store.findGate(workspace, version.model))?.environments ?? {});
          throw errors.environmentUnknown({
            model: version.model,
            environment,
            known: known.join(', ') || 'none',
          });
        }
        const { policy, check, people } = standing;
        const obstacle = standing.obstacle ?? findUnproven(policy.approval ?? null, proofs);
        const unfit = findUnfitness(policy.approval ?? null, version.createdBy, caller);
        if (unfit) throw errors.approverUnfit({ model, actor: caller.actor, reason: unfit });
        if (policy.approval?.handover && !handover?.trim()) throw errors.approvalHandoverMissing({ model });
        if (obstacle && !input.override)
          throw errors.environmentRefused({ model, environment, reason: obstacle });
        const approvers = policy.approval?.approvers ?? 1;
        const missing = Math.max(0, approvers - new Set([...people, caller.actor]).size);
        const approval: ApprovalRecord = {
          ...{ id: newId('ap'), model, environment },
          decision: missing > 0 ? 'endorsed' : obstacle ? 'overridden' : 'approved',
          ...{ reason, handover, missing, gateCheck: check?.id ?? null },
          ...{ actor: caller.actor, createdAt: clock.now() },
        };
        await store.insertApproval(key, approval);
        const detail = { environment, reason, gateCheck: approval.gateCheck, ...(obstacle && { obstacle }) };
        record({ action: `model.${approval.decision}`, subject: version.uri, detail });
        return approval;
      });
    },
  };
}

export type Environments = ReturnType<typeof createEnvironments>;
