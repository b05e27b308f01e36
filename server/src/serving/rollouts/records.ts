/** A rollout as it is told: to callers, and as an event. */
import type { Rollout } from '@tidemill/contract';
import type { Change } from '../../access/audit/service.ts';
import { toUri } from '../../base/references.ts';
import type { Stage } from './rules.ts';
import type { StoredRollout } from './store.ts';

export interface Step {
  readonly stage: Stage;
  readonly text: string;
  readonly evidence: Rollout['evidence'];
}

export function recordStep(
  record: (change: Change) => void,
  { id, endpoint, candidate, champion }: StoredRollout,
  step: Step,
): void {
  const { stage, text, evidence } = step;
  const detail = {
    id,
    endpoint,
    candidate,
    champion,
    stage,
    verdict: evidence?.verdict ?? 'inconclusive',
    text,
  };
  record({ action: 'rollout.advanced', subject: toUri('rollout', id), detail });
}

export const toContract = (rollout: StoredRollout): Rollout => ({
  id: rollout.id,
  endpoint: rollout.endpoint,
  candidate: rollout.candidate,
  view: rollout.view,
  service: rollout.service,
  champion: rollout.champion,
  stage: rollout.stage,
  evidence: rollout.evidence,
  policy: { ...rollout.policy },
  timeline: rollout.timeline,
  createdAt: rollout.createdAt,
  finishedAt: rollout.finishedAt,
});
