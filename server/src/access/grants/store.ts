import type { Grant, Role } from '@tidemill/contract';
import { type Selectable, sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import type { Database } from '../../adapters/db/schema.ts';
import type { RoleOn } from '../../base/caller.ts';

const toGrant = (row: Selectable<Database['grants']>): Grant => ({
  id: row.id,
  to: row.grantee,
  role: row.role as Role,
  resource: row.resource === '' ? null : row.resource,
  createdAt: row.created_at,
  createdBy: row.created_by,
});

export interface StoredGroup {
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
}

const toGroup = (row: Selectable<Database['groups']>): StoredGroup => ({
  name: row.name,
  description: row.description,
  createdAt: row.created_at,
});

export const grantStore = (db: Db) => {
  const grantsOf = (workspace: string, grantee: string) =>
    db
      .selectFrom('grants')
      .where('workspace', '=', workspace)
      .where((e) =>
        e.or([
          e('grantee', '=', grantee),
          e(
            'grantee',
            'in',
            e
              .selectFrom('group_members')
              .select(sql<string>`'group:' || group_name`.as('grantee'))
              .where('workspace', '=', workspace)
              .where('member', '=', grantee),
          ),
        ]),
      );
  return {
    /** False when it is given already. */
    async insert(workspace: string, grant: Grant): Promise<boolean> {
      const row = await db
        .insertInto('grants')
        .values({
          ...{ id: grant.id, workspace, grantee: grant.to, role: grant.role },
          ...{ resource: grant.resource ?? '', created_at: grant.createdAt, created_by: grant.createdBy },
        })
        .onConflict((conflict) => conflict.columns(['workspace', 'grantee', 'role', 'resource']).doNothing())
        .returning('id')
        .executeTakeFirst();
      return row !== undefined;
    },

    async find(workspace: string, id: string): Promise<Grant | null> {
      const row = await db
        .selectFrom('grants')
        .selectAll()
        .where('workspace', '=', workspace)
        .where('id', '=', id)
        .executeTakeFirst();
      return row ? toGrant(row) : null;
    },

    /** The one that says just this. */
    async findEqual(workspace: string, { to, role, resource }: Pick<Grant, 'to' | 'role' | 'resource'>) {
      const row = await db
        .selectFrom('grants')
        .selectAll()
        .where('workspace', '=', workspace)
        .where('grantee', '=', to)
        .where('role', '=', role)
        .where('resource', '=', resource ?? '')
        .executeTakeFirst();
      return row ? toGrant(row) : null;
    },

    async list(input: {
      workspace: string;
      to?: string | undefined;
      resource?: string | undefined;
      after?: string | undefined;
      limit: number;
    }): Promise<Grant[]> {
      let query = db.selectFrom('grants').selectAll().where('workspace', '=', input.workspace);
      if (input.to !== undefined) query = query.where('grantee', '=', input.to);
      if (input.resource !== undefined) query = query.where('resource', '=', input.resource);
      if (input.after !== undefined) query = query.where('id', '>', input.after);
      return (await query.orderBy('id').limit(input.limit).execute()).map(toGrant);
    },

    async delete(workspace: string, id: string): Promise<void> {
      await db.deleteFrom('grants').where('workspace', '=', workspace).where('id', '=', id).execute();
    },

    async deleteOf(workspace: string, grantee: string): Promise<void> {
      await db
        .deleteFrom('grants')
        .where('workspace', '=', workspace)
        .where('grantee', '=', grantee)
        .execute();
    },

    /** Their own and those of their groups. */
    async listRoles(workspace: string, grantee: string): Promise<RoleOn[]> {
      const rows = await grantsOf(workspace, grantee).select(['role', 'resource']).distinct().execute();
      return rows.map(({ role, resource }) => ({ role: role as Role, resource: resource || null }));
    },

    async listHeld(workspace: string, grantee: string): Promise<Grant[]> {
      return (await grantsOf(workspace, grantee).selectAll().orderBy('id').execute()).map(toGrant);
    },

    async insertGroup(workspace: string, { name, description, createdAt }: StoredGroup): Promise<boolean> {
      const row = await db
        .insertInto('groups')
        .values({ workspace, name, description, created_at: createdAt })
        .onConflict((conflict) => conflict.columns(['workspace', 'name']).doNothing())
        .returning('name')
        .executeTakeFirst();
      return row !== undefined;
    },

    async findGroup(workspace: string, name: string): Promise<StoredGroup | null> {
      const row = await db
        .selectFrom('groups')
        .selectAll()
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .executeTakeFirst();
      return row ? toGroup(row) : null;
    },

    async listGroups(workspace: string, after: string, limit: number): Promise<StoredGroup[]> {
      const rows = await db
        .selectFrom('groups')
        .selectAll()
        .where('workspace', '=', workspace)
        .where('name', '>', after)
        .orderBy('name')
        .limit(limit)
        .execute();
      return rows.map(toGroup);
    },

    async deleteGroup(workspace: string, name: string): Promise<boolean> {
      await db
        .deleteFrom('group_members')
        .where('workspace', '=', workspace)
        .where('group_name', '=', name)
        .execute();
      const result = await db
        .deleteFrom('groups')
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .executeTakeFirst();
      return Number(result.numDeletedRows) > 0;
    },

    async listMembers(workspace: string, groups: readonly string[]): Promise<Map<string, string[]>> {
      if (groups.length === 0) return new Map();
      const rows = await db
        .selectFrom('group_members')
        .select(['group_name', 'member'])
        .where('workspace', '=', workspace)
        .where('group_name', 'in', groups)
        .orderBy('member')
        .execute();
      const members = Map.groupBy(rows, (row) => row.group_name);
      return new Map([...members].map(([name, list]) => [name, list.map(({ member }) => member)]));
    },

    async listGroupsOf(workspace: string, member: string): Promise<string[]> {
      const rows = await db
        .selectFrom('group_members')
        .select('group_name')
        .where('workspace', '=', workspace)
        .where('member', '=', member)
        .orderBy('group_name')
        .execute();
      return rows.map((row) => row.group_name);
    },

    async insertMember(workspace: string, group: string, member: string): Promise<boolean> {
      const row = await db
        .insertInto('group_members')
        .values({ workspace, group_name: group, member })
        .onConflict((conflict) => conflict.columns(['workspace', 'group_name', 'member']).doNothing())
        .returning('member')
        .executeTakeFirst();
      return row !== undefined;
    },

    async deleteMember(workspace: string, group: string, member: string): Promise<boolean> {
      const result = await db
        .deleteFrom('group_members')
        .where('workspace', '=', workspace)
        .where('group_name', '=', group)
        .where('member', '=', member)
        .executeTakeFirst();
      return Number(result.numDeletedRows) > 0;
    },

    async leaveAll(workspace: string, member: string): Promise<void> {
      await db
        .deleteFrom('group_members')
        .where('workspace', '=', workspace)
        .where('member', '=', member)
        .execute();
    },
  };
};
