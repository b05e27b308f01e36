import type { Grant, Group, Page, Role } from '@tidemill/contract';
import { type Db, lockKey, type Tx } from '../../adapters/db/db.ts';
import type { Caller, RoleOn } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import type { Changes } from '../audit/service.ts';
import { findResourceProblem, parseGrantee } from './rules.ts';
import { grantStore, type StoredGroup } from './store.ts';

export {
  decide,
  findResourceProblem,
  isWithin,
  mayCaller,
  mayRole,
  parseResource,
  rightsOf,
  widestRole,
} from './rules.ts';

export interface GrantsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly isUser: (tx: Db, workspace: string, name: string) => Promise<boolean>;
}

/** Whoever changes users, groups or grants waits for the others: what a change rests on does not go away under it. */
export const lockAccess = (tx: Db, workspace: string): Promise<void> =>
  lockKey(tx as Tx, `access/${workspace}`);

type Wanted = Pick<Grant, 'role' | 'resource'>;
const wordsOf = ({ role, resource }: Wanted): string => (resource === null ? role : `${role} of ${resource}`);

export function createGrants({ db, clock, changes, isUser }: GrantsDependencies) {
  const store = grantStore(db);
  let epoch = 0;

  async function assertGrantee(tx: Db, workspace: string, text: string): Promise<void> {
    const { kind, name } = parseGrantee(text);
    if (kind === 'user' && !(await isUser(tx, workspace, name))) throw errors.userNotFound({ name });
    if (kind === 'group' && !(await grantStore(tx).findGroup(workspace, name)))
      throw errors.groupNotFound({ name });
  }

  function assertWanted({ role, resource }: Wanted): void {
    if (role === 'none') throw errors.grantInvalid({ reason: 'the role none gives nothing' });
    const problem = resource === null ? null : findResourceProblem(resource);
    if (problem) throw errors.grantInvalid({ reason: problem });
  }

  /** One change of who may what: what servers remember of it is forgotten once it is there. */
  async function change<T>(caller: Caller, work: Parameters<typeof changes.run<T>>[1]): Promise<T> {
    try {
      return await changes.run(caller, async (tx, record) => {
        await lockAccess(tx, caller.workspace);
        return work(tx, record);
      });
    } finally {
      epoch++;
    }
  }

  async function describe(tx: Db, workspace: string, groups: readonly StoredGroup[]): Promise<Group[]> {
    const members = await grantStore(tx).listMembers(
      workspace,
      groups.map(({ name }) => name),
    );
    return groups.map((group) => ({ ...group, members: members.get(group.name) ?? [] }));
  }

  async function getGroup(tx: Db, workspace: string, name: string): Promise<Group> {
    const found = await grantStore(tx).findGroup(workspace, name);
    const [group] = found ? await describe(tx, workspace, [found]) : [];
    if (!group) throw errors.groupNotFound({ name });
    return group;
  }

  function newGrant(to: string, { role, resource }: Wanted, caller: Caller): Grant {
    return { id: newId('grant'), to, role, resource, createdAt: clock.now(), createdBy: caller.actor };
  }

  const groups = {
    create: (input: { name: string; description?: string | undefined }, caller: Caller): Promise<Group> =>
      change(caller, async (tx, record) => {
        const { name, description = '' } = input;
        const group = { name, description, createdAt: clock.now() };
        if (!(await grantStore(tx).insertGroup(caller.workspace, group))) throw errors.groupExists({ name });
        record({ action: 'group.created', subject: `group:${name}` });
        return { ...group, members: [] };
      }),

    async list(
      input: { cursor?: string | undefined; limit?: number | undefined },
      { workspace }: Caller,
    ): Promise<Page<Group>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor ? decodeCursor(input.cursor, isText) : '';
      const { items, nextCursor } = toPage(
        await store.listGroups(workspace, after, limit + 1),
        limit,
        (group) => group.name,
      );
      return { items: await describe(db, workspace, items), nextCursor };
    },

    get: ({ name }: { name: string }, { workspace }: Caller): Promise<Group> => getGroup(db, workspace, name),

    delete: ({ name }: { name: string }, caller: Caller): Promise<Record<string, never>> =>
      change(caller, async (tx, record) => {
        const inside = grantStore(tx);
        if (!(await inside.deleteGroup(caller.workspace, name))) throw errors.groupNotFound({ name });
        await inside.deleteOf(caller.workspace, `group:${name}`);
        record({ action: 'group.deleted', subject: `group:${name}` });
        return {};
      }),

    addMember: ({ name, member }: { name: string; member: string }, caller: Caller): Promise<Group> =>
      change(caller, async (tx, record) => {
        await getGroup(tx, caller.workspace, name);
        if (parseGrantee(member).kind === 'group') throw errors.granteeInvalid({ grantee: member });
        await assertGrantee(tx, caller.workspace, member);
        if (await grantStore(tx).insertMember(caller.workspace, name, member))
          record({ action: 'group.joined', subject: `group:${name}`, detail: { member } });
        return getGroup(tx, caller.workspace, name);
      }),

    removeMember: ({ name, member }: { name: string; member: string }, caller: Caller): Promise<Group> =>
      change(caller, async (tx, record) => {
        await getGroup(tx, caller.workspace, name);
        if (!(await grantStore(tx).deleteMember(caller.workspace, name, member)))
          throw errors.memberNotFound({ member, group: name });
        record({ action: 'group.left', subject: `group:${name}`, detail: { member } });
        return getGroup(tx, caller.workspace, name);
      }),
  };

  return {
    groups,

    /** Grows with every change: what was read before it may be wrong. */
    epoch: (): number => epoch,
    /** To be called after a change of users has been committed. */
    changed(): void {
      epoch++;
    },

    /** @throws granteeInvalid, grantInvalid, userNotFound, groupNotFound, grantExists */
    add: async (
      input: { to: string; role: Role; resource?: string | null | undefined },
      caller: Caller,
    ): Promise<Grant> => {
      const wanted = { role: input.role, resource: input.resource ?? null };
      assertWanted(wanted);
      return change(caller, async (tx, record) => {
        await assertGrantee(tx, caller.workspace, input.to);
        const grant = newGrant(input.to, wanted, caller);
        if (!(await grantStore(tx).insert(caller.workspace, grant)))
          throw errors.grantExists({ to: input.to, what: wordsOf(wanted) });
        record({ action: 'grant.added', subject: input.to, detail: { ...wanted } });
        return grant;
      });
    },

    async list(
      input: {
        to?: string | undefined;
        resource?: string | undefined;
        cursor?: string | undefined;
        limit?: number | undefined;
      },
      { workspace }: Caller,
    ): Promise<Page<Grant>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      const { to, resource } = input;
      const rows = await store.list({ workspace, to, resource, after, limit: limit + 1 });
      return toPage(rows, limit, (grant) => grant.id);
    },

    remove: ({ id }: { id: string }, caller: Caller): Promise<Record<string, never>> =>
      change(caller, async (tx, record) => {
        const inside = grantStore(tx);
        const grant = await inside.find(caller.workspace, id);
        if (!grant) throw errors.grantNotFound({ id });
        await inside.delete(caller.workspace, id);
        const { to, role, resource } = grant;
        record({ action: 'grant.removed', subject: to, detail: { role, resource } });
        return {};
      }),

    /** For project files: null when nobody of that name is there. */
    async findHeld(workspace: string, to: string): Promise<Wanted[] | null> {
      const { kind, name } = parseGrantee(to);
      if (kind === 'user' && !(await isUser(db, workspace, name))) return null;
      if (kind === 'group' && !(await store.findGroup(workspace, name))) return null;
      const rows = await store.list({ workspace, to, limit: 10_000 });
      return rows.map(({ role, resource }) => ({ role, resource }));
    },

    assertWanted,

    /** Gives and takes just these, where that is not so already; what else they hold stays. */
    set: (
      to: string,
      { give, take }: { give: readonly Wanted[]; take: readonly Wanted[] },
      caller: Caller,
    ): Promise<void> =>
      change(caller, async (tx, record) => {
        const { workspace } = caller;
        const inside = grantStore(tx);
        await assertGrantee(tx, workspace, to);
        const taken = new Set(take.map(wordsOf));
        for (const { id, role, resource } of await inside.list({ workspace, to, limit: 10_000 })) {
          if (!taken.has(wordsOf({ role, resource }))) continue;
          await inside.delete(workspace, id);
          record({ action: 'grant.removed', subject: to, detail: { role, resource } });
        }
        for (const { role, resource } of give)
          if (await inside.insert(workspace, newGrant(to, { role, resource }, caller)))
            record({ action: 'grant.added', subject: to, detail: { role, resource } });
      }),

    /** A group that may invoke one endpoint and nothing else. */
    ensureInvokers: (endpoint: string, caller: Caller): Promise<void> =>
      change(caller, async (tx, record) => {
        const { workspace } = caller;
        const name = invokersOf(endpoint);
        const inside = grantStore(tx);
        const description = `may invoke the endpoint ${endpoint}`;
        if (!(await inside.insertGroup(workspace, { name, description, createdAt: clock.now() }))) return;
        record({ action: 'group.created', subject: `group:${name}` });
        const wanted = { role: 'invoker', resource: `endpoint:${endpoint}` } as const;
        await inside.insert(workspace, newGrant(`group:${name}`, wanted, caller));
        record({ action: 'grant.added', subject: `group:${name}`, detail: wanted });
      }),

    isGroup: async (workspace: string, name: string): Promise<boolean> =>
      (await store.findGroup(workspace, name)) !== null,

    /** What is given to them beside their own role. */
    rolesOf: (workspace: string, actor: string): Promise<RoleOn[]> => store.listRoles(workspace, actor),
    grantsOf: (workspace: string, actor: string): Promise<Grant[]> => store.listHeld(workspace, actor),
    groupsOf: (workspace: string, actor: string): Promise<string[]> => store.listGroupsOf(workspace, actor),

    /** In the transaction that deletes a user. */
    async forget(tx: Db, workspace: string, actor: string): Promise<void> {
      await grantStore(tx).deleteOf(workspace, actor);
      await grantStore(tx).leaveAll(workspace, actor);
    },
  };
}

/** The group that comes with an endpoint. */
export const invokersOf = (endpoint: string): string => `${endpoint}-invokers`;

export type Grants = ReturnType<typeof createGrants>;
