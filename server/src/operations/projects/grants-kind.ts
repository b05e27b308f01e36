import type { ProjectDefinition } from '@tidemill/contract';
import { type Grants, invokersOf, mayCaller } from '../../access/grants/service.ts';
import { errors } from '../../base/errors.ts';
import {
  type KindOfThing,
  type Outlook,
  type PlanContext,
  toProjectError,
  unchanged,
  waitFor,
} from './rules.ts';

type Held = NonNullable<Awaited<ReturnType<Grants['findHeld']>>>;

/**
 * By grantee. The file gives what it says and takes back what it said when it was applied last; what else they hold was
 * given by others and stays.
 */
export function grantsKind(grants: Pick<Grants, 'findHeld' | 'assertWanted' | 'set'>): KindOfThing {
  /** What is to give and to take; or what must be there first. */
  async function compare(to: string, context: PlanContext): Promise<{ give: Held; take: Held } | Outlook> {
    const { file, before, caller } = context;
    if (!mayCaller(caller, 'admin', `project:${file.name}`)) {
      const where = `the grants of project '${file.name}'`;
      throw errors.permissionDenied({ actor: caller.actor, permission: 'admin', where });
    }
    const wanted = wantedOf(to, file);
    for (const [index, grant] of wanted.entries())
      await at(`grants.${to}[${index}]`, () => grants.assertWanted(grant));
    const held = await at(`grants.${to}`, () => grants.findHeld(caller.workspace, to));
    if (held === null && file.grants?.[to] === undefined) return unchanged;
    if (held === null) {
      const endpoint = Object.keys(file.endpoints ?? {}).find((name) => to === `group:${invokersOf(name)}`);
      if (endpoint === undefined) throw errors.projectInvalid({ path: `grants.${to}`, reason: missing(to) });
      if (!context.creating.has(`endpoint:${endpoint}`)) return waitFor(`endpoint:${endpoint}`);
    }
    const has = (list: Held, { role, resource }: Held[number]) =>
      list.some((other) => other.role === role && other.resource === resource);
    return {
      give: wanted.filter((grant) => !has(held ?? [], grant)),
      take: wantedOf(to, before).filter((grant) => !has(wanted, grant) && has(held ?? [], grant)),
    };
  }

  return {
    async look(to, context) {
      const found = await compare(to, context);
      if ('action' in found) return found;
      const changes = changesOf(found.give, found.take);
      return changes.length > 0 ? { action: 'update', changes, waitsFor: null } : unchanged;
    },
    async bring(to, _outlook, context) {
      const found = await compare(to, context);
      if (!('action' in found)) await grants.set(to, found, context.caller);
    },
  };
}

function wantedOf(to: string, file: ProjectDefinition | null): Held {
  const list = (file?.grants?.[to] ?? []).map(({ role, on = null }) => ({ role, resource: on }));
  return [...new Map(list.map((grant) => [`${grant.role} ${grant.resource}`, grant])).values()];
}

/** `+ viewer`, `- editor of model:prices`, `editor -> approver of model:prices`. */
function changesOf(give: Held, take: Held): string[] {
  const resources = [...new Set([...take, ...give].map(({ resource }) => resource))];
  return resources.flatMap((resource) => {
    const [given, taken] = [give, take].map((list) => list.filter((grant) => grant.resource === resource));
    const of = resource === null ? '' : ` of ${resource}`;
    const [from, to] = [taken?.map(({ role }) => role) ?? [], given?.map(({ role }) => role) ?? []];
    if (from.length === 1 && to.length === 1) return [`${from[0]} -> ${to[0]}${of}`];
    return [...from.map((role) => `- ${role}${of}`), ...to.map((role) => `+ ${role}${of}`)];
  });
}

function missing(to: string): string {
  const [kind, name] = [to.slice(0, to.indexOf(':')), to.slice(to.indexOf(':') + 1)];
  return `there is no ${kind} '${name}' (make it first: tidemill ${kind}s create ${name})`;
}

async function at<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toProjectError(error, path);
  }
}
