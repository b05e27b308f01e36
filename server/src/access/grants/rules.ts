import type { Permission, Role } from '@tidemill/contract';
import type { Caller, RoleOn } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { isName } from '../../base/references.ts';

const permissions: Readonly<Record<Role, readonly Permission[]>> = {
  none: [],
  viewer: ['read'],
  editor: ['read', 'write', 'invoke', 'comment'],
  approver: ['read', 'write', 'invoke', 'approve', 'comment'],
  operator: ['read', 'operate', 'invoke', 'comment'],
  invoker: ['invoke'],
  admin: ['read', 'write', 'invoke', 'approve', 'operate', 'admin', 'comment'],
};

export const mayRole = (role: Role, permission: Permission): boolean =>
  permission === 'public' || permission === 'self' || permissions[role].includes(permission);

/** Whether one role's permissions are all among the other's. */
export const isWithin = (role: Role, other: Role): boolean =>
  permissions[role].every((permission) => permissions[other].includes(permission));

/** The one that may most of those that hold in all of the workspace. */
export const widestRole = (list: readonly RoleOn[]): Role =>
  list
    .filter(({ resource }) => resource === null)
    .map(({ role }) => role)
    .reduce((a, b) => (permissions[b].length > permissions[a].length ? b : a), 'none');

/** `allowed`; `elsewhere`: on other things than these; `denied`: nowhere. */
export type Verdict = 'allowed' | 'elsewhere' | 'denied';

/**
 * Whether a call with this permission, about these things, is within somebody's rights. Roles add up: one that holds in the
 * workspace or on a thing is enough, and each of several things needs one. What says nothing about itself (no things) needs a
 * role in the workspace.
 */
export function decide(
  rights: readonly (readonly RoleOn[])[],
  permission: Permission,
  things: readonly string[],
): Verdict {
  if (permission === 'self' || permission === 'public') return 'allowed';
  const holding = rights.map((list) => list.filter(({ role }) => mayRole(role, permission)));
  if (holding.length === 0 || holding.some((list) => list.length === 0)) return 'denied';
  const covers = (list: readonly RoleOn[], thing: string | null) =>
    list.some(({ resource }) => resource === null || resource === thing);
  const isAllowed = holding.every(
    (list) => covers(list, null) || (things.length > 0 && things.every((thing) => covers(list, thing))),
  );
  return isAllowed ? 'allowed' : 'elsewhere';
}

export const rightsOf = ({ rights, role }: Caller): readonly (readonly RoleOn[])[] =>
  rights ?? [[{ role, resource: null }]];

/** Whether a caller may do something with one thing: for services that ask beyond what their route declares. */
export const mayCaller = (caller: Caller, permission: Permission, thing: string): boolean =>
  decide(rightsOf(caller), permission, [thing]) === 'allowed';

/** `endpoint:forecast` is { kind: 'endpoint', id: 'forecast' }. */
export function parseResource(resource: string): { kind: string; id: string } {
  const colon = resource.indexOf(':');
  return { kind: resource.slice(0, colon), id: resource.slice(colon + 1) };
}

const resourceKinds = ['endpoint', 'model', 'dataset'];

/** Why something cannot be what a role is for, or null. */
export function findResourceProblem(resource: string): string | null {
  const { kind, id } = parseResource(resource);
  if (kind === 'job') return 'the tokens of jobs are made by this server, one for each attempt';
  if (!resourceKinds.includes(kind))
    return `there are roles on endpoints, models and datasets, not on each '${kind}'`;
  const isGood = kind === 'model' ? /^(?!\.{1,2}$)(?=.*\S)[^/:\p{Cc}]{1,256}$/u.test(id) : isName(id);
  return isGood ? null : `'${id}' is not a name of ${kind === 'endpoint' ? 'an endpoint' : `a ${kind}`}`;
}

/** `user:mira`, `group:risk`, `token:shop`. @throws granteeInvalid */
export function parseGrantee(text: string): { kind: 'user' | 'group' | 'token'; name: string } {
  const { kind, id } = parseResource(text);
  if ((kind === 'user' || kind === 'group' || kind === 'token') && id !== '') return { kind, name: id };
  throw errors.granteeInvalid({ grantee: text.slice(0, 200) });
}
