import type { ApprovalPolicy } from '@tidemill/sdk';

/** `2 people, not the author, with a hand-over note`. */
export const describePolicy = ({ approvers = 1, fourEyes, handover }: ApprovalPolicy): string =>
  [
    approvers === 1 ? 'one person' : `${approvers} people`,
    ...(fourEyes ? ['not the author'] : []),
    ...(handover ? ['with a hand-over note'] : []),
  ].join(', ');
