import {
  type Input,
  type lifecycleEndpoints,
  type ModelStage,
  type ModelVersion,
  stateOfStage,
  statesByHand,
} from '@tidemill/contract';
import { mayCaller } from '../../access/grants/service.ts';
import type { Caller } from '../../base/caller.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { formatReference } from '../../base/references.ts';
import type { Evaluations } from '../evaluation/service.ts';
import type { Registry } from '../registry/service.ts';
import type { Approvals } from './approvals.ts';
import type { Gates } from './gates.ts';
import type { createPromotions } from './promotions.ts';

export interface TransitionDependencies {
  readonly registry: Pick<Registry, 'resolve' | 'lifecycle' | 'findAlias' | 'findPrevious' | 'setStage'>;
  readonly evaluations: Pick<Evaluations, 'list'>;
}

type Contract = typeof lifecycleEndpoints;
type Decisions = Pick<Gates, 'check'> &
  Pick<Approvals, 'approve'> &
  Pick<ReturnType<typeof createPromotions>, 'setAlias'>;

/** What people ask of a version's state: by the gate, the approvers and the registry that decide on it anyway. */
export function createTransitions({ registry, evaluations }: TransitionDependencies, decisions: Decisions) {
  const refuse = ({ reference: model, state: from }: ModelVersion, to: string, reason: string) =>
    errors.transitionRefused({ model, from, to, reason });

  async function validate(version: ModelVersion, caller: Caller): Promise<void> {
    const [newest] = (await evaluations.list({ model: version.reference, limit: 1 }, caller)).items;
    if (!newest)
      throw refuse(version, 'validated', 'it has no evaluation to hold against its gate; evaluate it first');
    const target = { name: version.model, version: String(version.version) };
    const check = await decisions.check({ ...target, evaluation: newest.id }, caller);
    if (check.passed) return;
    const failed = check.results.filter(({ passed, severity }) => !passed && severity === 'refuse');
    throw refuse(
      version,
      'validated',
      `its gate refused it (${failed.map(({ message }) => message).join('; ')})`,
    );
  }

  async function approve(version: ModelVersion, reason: string, caller: Caller): Promise<void> {
    if (!mayCaller(caller, 'approve', `model:${version.model}`))
      throw errors.permissionDenied({
        actor: caller.actor,
        permission: 'approve',
        where: 'approving a version',
      });
    const target = { name: version.model, version: String(version.version) };
    const { missing } = await decisions.approve({ ...target, reason }, caller);
    if (missing > 0)
      throw refuse(version, 'approved', `your word is kept, and ${missing} more must approve it`);
  }

  async function move(version: ModelVersion, to: ModelVersion['state'], reason: string, caller: Caller) {
    if (version.state === to) return;
    const isBack = version.state === 'retired';
    if (to === 'serving') throw refuse(version, to, `${statesByHand.serving.asks}: release it there`);
    if (to === 'retired' || (to === 'candidate' && isBack))
      return registry.lifecycle.turn(version, to, reason, caller);
    if (isBack) throw refuse(version, to, 'restore it first, to candidate');
    if (to === 'candidate')
      throw refuse(version, to, 'say that it must not go out instead: tidemill models refuse');
    if (version.state === 'serving') throw refuse(version, to, 'an endpoint serves it');
    if (to === 'approved') return approve(version, reason, caller);
    if (version.state === 'approved') throw refuse(version, to, 'it is further already');
    return validate(version, caller);
  }

  return {
    /** @throws transitionRefused, and what the gate and its policy say */
    async transition(input: Input<Contract['transition']>, caller: Caller) {
      const reference = formatReference(input.name, input.version);
      const version = await registry.resolve(reference, caller.workspace);
      const reason = input.reason.trim();
      if (reason === '') throw errors.approvalReasonMissing({ model: version.reference });
      await move(version, input.to, reason, caller);
      const { state } = await registry.resolve(version.reference, caller.workspace);
      return { model: version.reference, state };
    },

    /** Back to where the alias pointed before. @throws aliasUnreverted, promotionRequested, promotionRefused */
    async revertAlias({ name, alias, reason, from }: Input<Contract['revertAlias']>, caller: Caller) {
      const { previous, current } = await registry.findPrevious({ name, alias, from }, caller.workspace);
      const said = `reverted: ${reason}`;
      await decisions.setAlias({ name, alias, version: previous, reason: said, expected: current }, caller);
      return { model: formatReference(name, previous), alias };
    },

    /**
     * A stage is set as ever. What it stands for is asked for, too: with a gate that says yes, `Staging` validates, and
     * `Production` approves if the caller may; where they do not, the stage stays a label.
     */
    async askForStage(version: ModelVersion, stage: ModelStage, caller: Caller): Promise<void> {
      const to = stateOfStage[stage];
      if (to !== 'validated' && to !== 'approved') return;
      if (version.state !== 'candidate' && version.state !== 'validated') return;
      await move(version, to, `stage ${stage}`, caller).catch((error: unknown) => {
        if (!(error instanceof TidemillError) || error.status >= 500) throw error;
      });
    },
  };
}
