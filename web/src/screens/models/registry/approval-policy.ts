import type { ApprovalPolicy, EnvironmentPolicy } from '@tidemill/sdk';

/** `2 people, not the author, with a hand-over note`. */
export const describePolicy = ({ approvers = 1, fourEyes, handover, tests, ci }: ApprovalPolicy): string =>
  [
    approvers === 1 ? 'one person' : `${approvers} people`,
    ...(fourEyes ? ['not the author'] : []),
    ...(handover ? ['with a hand-over note'] : []),
    ...(tests ? ['all four scopes of its tests passed'] : []),
    ...(ci ? ['a green CI of its commit'] : []),
  ].join(', ');

/** `rules naive, small, approved by 2 people`. */
export const describeEnvironment = ({ rules, approval }: EnvironmentPolicy): string =>
  [
    rules ? `rules ${rules.join(', ') || 'none'}` : 'all rules',
    ...(approval ? [`approved by ${describePolicy(approval)}`] : []),
  ].join(', ');
