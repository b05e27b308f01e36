import type { Role } from '@tidemill/contract';

/** On whose behalf something happens: every change names its actor. */
export interface Caller {
  /** `user:owner`, `token:ci`, `system:retraining`. */
  readonly actor: string;
  readonly role: Role;
  readonly workspace: string;
  /** Taken for the owner because the request came from this machine, without a token. */
  readonly isAnonymous?: boolean;
  /** `endpoint:forecast`, `job:job_…`: the one thing that the token is good for. */
  readonly resource?: string;
}

/** Tidemill acting by itself (a task, a listener). */
export const systemCaller = (name: string, workspace: string): Caller => ({
  actor: `system:${name}`,
  role: 'admin',
  workspace,
});
