import type { ApprovalPolicy, ApprovalRecord, Gate, GateCheck } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';

/** Why this caller's word does not count under the policy, or null. */
export function findUnfitness(
  policy: ApprovalPolicy | null,
  author: string,
  { actor, isAnonymous }: Pick<Caller, 'actor' | 'isAnonymous'>,
): string | null {
  if (!policy) return null;
  if (actor.startsWith('system:')) return `its policy asks people, and ${actor} is none`;
  if (!policy.fourEyes) return null;
  if (isAnonymous)
    return 'its policy asks who approves, and this request carries no token; create one for a user (tidemill tokens create NAME --role approver --user NAME) and send it';
  if (!actor.startsWith('user:'))
    return `its policy asks a person, and ${actor} belongs to no user; create a token for one (--user NAME)`;
  return actor === author
    ? `its policy wants a second pair of eyes, and ${actor} is its author; another person must approve it`
    : null;
}

/** Whose word counts already: given to this evidence under this policy, and not taken back by a refusal since. */
export function endorsersOf(
  records: readonly ApprovalRecord[],
  gate: Gate | null,
  check: GateCheck | null,
): Set<string> {
  const since = gate?.updatedAt ?? 0;
  const refused = records.findIndex(({ decision }) => decision === 'refused');
  const standing = refused < 0 ? records : records.slice(0, refused);
  return new Set(
    standing
      .filter(({ decision }) => decision !== 'none')
      .filter(({ createdAt, gateCheck }) => createdAt >= since && gateCheck === (check?.id ?? null))
      .map(({ actor }) => actor),
  );
}
