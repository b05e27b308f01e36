import type { Permission } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { adviceToJobs, parseResource } from './rules.ts';

export interface ReachDependencies {
  /** Whether a thing, as a uri, is the job's own: its run, runs nested in it, what they logged, its trial. */
  readonly isOfJob: (job: string, uri: string, workspace: string) => Promise<boolean>;
}

export interface Call {
  readonly permission: Permission;
  /** What it is about, as uris; null when the route does not say. */
  readonly resources: readonly string[] | null;
  /** Method and path. */
  readonly where: string;
}

/** Why the role of such a token does not do. */
export function roleRefusal({ actor, resource }: Caller, permission: Permission, where: string) {
  if (resource?.startsWith('job:'))
    return errors.jobTokenRefused({ job: resource, where, advice: adviceToJobs(where) });
  const who = resource === undefined ? actor : `${actor}, whose token is good for ${resource} only,`;
  return errors.permissionDenied({ actor: who, permission, where });
}

/** How far a token reaches that is good for one thing only. Whatever does not say what it is about is out of its reach. */
export function createReach({ isOfJob }: ReachDependencies) {
  async function isJobsOwn(id: string, workspace: string, resources: readonly string[]): Promise<boolean> {
    for (const uri of resources) if (!(await isOfJob(id, uri, workspace))) return false;
    return resources.length > 0;
  }

  /** @throws tokenResourceRefused, jobTokenRefused */
  return async function assertReach(
    { actor, resource, workspace }: Caller,
    { permission, resources, where }: Call,
  ): Promise<void> {
    if (resource === undefined) return;
    const { kind, id } = parseResource(resource);
    if (kind === 'job') {
      if (permission === 'read') return;
      if (permission === 'write' && resources && (await isJobsOwn(id, workspace, resources))) return;
      throw errors.jobTokenRefused({ job: resource, where, advice: adviceToJobs(where) });
    }
    if (resources && resources.length > 0 && resources.every((uri) => uri === resource)) return;
    throw errors.tokenResourceRefused({ actor, resource, where });
  };
}
