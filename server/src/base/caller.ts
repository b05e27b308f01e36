import type { Priority, Role, Via } from '@tidemill/contract';

/** A role, and the one thing that it is for; null: all of the workspace. */
export interface RoleOn {
  readonly role: Role;
  readonly resource: string | null;
}

/** On whose behalf something happens: every change names its actor. */
export interface Caller {
  /** `user:owner`, `token:ci`, `system:retraining`. */
  readonly actor: string;
  /** The widest that holds in all of the workspace. */
  readonly role: Role;
  readonly workspace: string;
  /** All roles, also those on single things. Of several lists each must allow what is asked: a token of a user may no more than both. */
  readonly rights?: readonly (readonly RoleOn[])[];
  readonly via?: Via;
  /** Of its token, where that is not `normal`. */
  readonly priority?: Priority;
  /** Taken for the owner because the request came from this machine, without a token. */
  readonly isAnonymous?: boolean;
  /** `endpoint:forecast`, `job:job_…`: the one thing that the token is good for. */
  readonly resource?: string;
  /** Of the login, if the caller came by one. */
  readonly session?: string;
}

/** Tidemill acting by itself (a task, a listener). */
export const systemCaller = (name: string, workspace: string): Caller => ({
  actor: `system:${name}`,
  role: 'admin',
  workspace,
});
