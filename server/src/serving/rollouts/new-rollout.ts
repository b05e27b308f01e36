/** A contest for the place of an endpoint's only live variant. */
import type { Input, rolloutsEndpoints } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { Definition } from '../endpoints/service.ts';
import { toPolicy } from './rules.ts';
import type { StoredRollout } from './store.ts';
import { freeName } from './variants.ts';

type StartInput = Input<(typeof rolloutsEndpoints)['start']>;

/** @throws rolloutRefused when there is no single live variant, or the candidate is live already */
export function newRollout(
  input: StartInput,
  candidate: string,
  definition: Definition,
  workspace: string,
  now: number,
): StoredRollout {
  const { endpoint, stage = 'shadow' } = input;
  if (input.view !== undefined && input.service !== undefined)
    throw errors.rolloutRefused({ endpoint, reason: 'it names a view and a service; name one of them' });
  if (definition.log === 'off')
    throw errors.rolloutRefused({ endpoint, reason: 'it keeps no log, so there would be no evidence' });
  const live = definition.variants.filter((variant) => !variant.shadow);
  const [champion] = live;
  if (!champion || live.length > 1) {
    const reason = `it has ${live.length} live variants (${live.map((variant) => variant.name).join(', ')}), and a candidate can replace one only`;
    throw errors.rolloutRefused({ endpoint, reason });
  }
  // As the live variant reads its features from a view or a service, so does its successor, unless said otherwise.
  const { view = null, service = null } = (input.view ?? input.service) ? input : champion;
  const isSame = view === (champion.view ?? null) && service === (champion.service ?? null);
  if (champion.model === candidate && isSame) {
    throw errors.rolloutRefused({ endpoint, reason: `${candidate} is live already` });
  }
  const policy = toPolicy(input.policy);
  return {
    ...{ id: newId('rollout'), workspace, endpoint, candidate, view, service, policy, stage },
    createdAt: now,
    champion: champion.model,
    championVariant: champion.name,
    candidateVariant: freeName(definition),
    evidence: null,
    timeline: [],
    canaryAt: stage === 'canary' ? now : null,
    finishedAt: null,
  };
}
