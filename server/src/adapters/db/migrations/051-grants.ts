import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

/** Roles beside the own one: of groups, and on single things. */
export const migration: Migration = {
  name: '051-grants',
  async up(db) {
    await db.schema
      .createTable('groups')
      .addColumn('workspace', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('description', 'text', required)
      .addColumn('created_at', epoch, required)
      .addPrimaryKeyConstraint('groups_key', ['workspace', 'name'])
      .execute();

    await db.schema
      .createTable('group_members')
      .addColumn('workspace', 'text', required)
      .addColumn('group_name', 'text', required)
      .addColumn('member', 'text', required)
      .addPrimaryKeyConstraint('group_members_key', ['workspace', 'group_name', 'member'])
      .execute();
    await db.schema
      .createIndex('group_members_by_member')
      .on('group_members')
      .columns(['workspace', 'member'])
      .execute();

    await db.schema
      .createTable('grants')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('grantee', 'text', required)
      .addColumn('role', 'text', required)
      // Empty: all of the workspace. Not null, so that the same grant is given once.
      .addColumn('resource', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('created_by', 'text', required)
      .addUniqueConstraint('grants_key', ['workspace', 'grantee', 'role', 'resource'])
      .execute();
  },
};
