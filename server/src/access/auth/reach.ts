import type { Permission } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { decide, mayRole, parseResource, rightsOf } from '../grants/service.ts';
import { adviceToJobs } from './rules.ts';

export interface ReachDependencies {
  /** Whether a thing, as a uri, is the job's own: its run, runs nested in it, what they logged, its trial. */
  readonly isOfJob: (job: string, uri: string, workspace: string) => Promise<boolean>;
}

export interface Call {
  readonly permission: Permission;
  /** What it is about, as uris; null when the route does not say. */
  readonly resources: () => readonly string[] | null;
  /** Whether jobs may change their own things through it. */
  readonly byJobs: boolean;
  /** Method and path. */
  readonly where: string;
}

const isJobs = ({ resource }: Caller): boolean => resource?.startsWith('job:') ?? false;

/** Why such a call is not within the caller's rights, whatever it is about. */
export function findDenial(caller: Caller, permission: Permission, where: string) {
  const { actor, resource, role } = caller;
  if (isJobs(caller) && resource !== undefined)
    return mayRole(role, permission)
      ? null
      : errors.jobTokenRefused({ job: resource, where, advice: adviceToJobs(where) });
  if (decide(rightsOf(caller), permission, []) !== 'denied') return null;
  const who = resource === undefined ? actor : `${actor}, whose token is good for ${resource} only,`;
  return errors.permissionDenied({ actor: who, permission, where });
}

/** How far somebody reaches who has no role in all of the workspace. What does not say what it is about is out of reach. */
export function createReach({ isOfJob }: ReachDependencies) {
  async function isJobsOwn(id: string, workspace: string, resources: readonly string[]): Promise<boolean> {
    for (const uri of resources) if (!(await isOfJob(id, uri, workspace))) return false;
    return resources.length > 0;
  }

  async function assertJobReach(job: string, workspace: string, call: Call): Promise<void> {
    const { permission, resources, byJobs, where } = call;
    if (permission === 'read' || permission === 'self') return;
    const { id } = parseResource(job);
    const isOwn = permission === 'write' && byJobs && (await isJobsOwn(id, workspace, resources() ?? []));
    if (!isOwn) throw errors.jobTokenRefused({ job, where, advice: adviceToJobs(where) });
  }

  /** @throws tokenResourceRefused, jobTokenRefused, grantElsewhere */
  return async function assertReach(caller: Caller, call: Call): Promise<void> {
    const { actor, resource, workspace } = caller;
    const { permission, resources, where } = call;
    if (isJobs(caller) && resource !== undefined) return assertJobReach(resource, workspace, call);
    const rights = rightsOf(caller);
    if (decide(rights, permission, []) === 'allowed') return;
    if (decide(rights, permission, resources() ?? []) === 'allowed') return;
    if (resource !== undefined) throw errors.tokenResourceRefused({ actor, resource, where });
    throw errors.grantElsewhere({ actor, permission, where });
  };
}
