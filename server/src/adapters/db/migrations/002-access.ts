import { autoId, epoch, required } from '../columns.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

export const migration: Migration = {
  name: '002-access',
  async up(db, kind) {
    await createUsersAndTokens(db);

    await db.schema
      .createTable('audit')
      .addColumn('id', ...autoId(kind))
      .addColumn('workspace', 'text', required)
      .addColumn('actor', 'text', required)
      .addColumn('action', 'text', required)
      .addColumn('subject', 'text', required)
      .addColumn('detail', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('hash', 'text')
      .execute();
    await db.schema.createIndex('audit_by_subject').on('audit').columns(['workspace', 'subject']).execute();

    await createLineage(db);
  },
};

async function createUsersAndTokens(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('workspace', 'text', required)
    .addColumn('name', 'text', required)
    .addColumn('role', 'text', required)
    .addColumn('created_at', epoch, required)
    .addUniqueConstraint('users_name', ['workspace', 'name'])
    .execute();

  await db.schema
    .createTable('tokens')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('workspace', 'text', required)
    .addColumn('name', 'text', required)
    .addColumn('hash', 'text', required)
    .addColumn('role', 'text', required)
    .addColumn('actor', 'text', required)
    .addColumn('resource', 'text')
    .addColumn('created_at', epoch, required)
    .addColumn('expires_at', epoch)
    .addColumn('last_used_at', epoch)
    .addColumn('revoked_at', epoch)
    .addUniqueConstraint('tokens_hash', ['hash'])
    .execute();
}

async function createLineage(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('lineage_nodes')
    .addColumn('workspace', 'text', required)
    .addColumn('uri', 'text', required)
    .addColumn('kind', 'text', required)
    .addColumn('digest', 'text')
    .addColumn('location', 'text')
    .addColumn('created_at', epoch, required)
    .addColumn('deleted_at', epoch)
    .addPrimaryKeyConstraint('lineage_nodes_uri', ['workspace', 'uri'])
    .execute();

  await db.schema
    .createTable('lineage_edges')
    .addColumn('workspace', 'text', required)
    .addColumn('from_uri', 'text', required)
    .addColumn('to_uri', 'text', required)
    .addColumn('relation', 'text', required)
    .addColumn('created_at', epoch, required)
    .addPrimaryKeyConstraint('lineage_edges_key', ['workspace', 'from_uri', 'to_uri', 'relation'])
    .execute();
  await db.schema
    .createIndex('lineage_edges_by_target')
    .on('lineage_edges')
    .columns(['workspace', 'to_uri'])
    .execute();

  await db.schema
    .createTable('lineage_holds')
    .addColumn('workspace', 'text', required)
    .addColumn('user_uri', 'text', required)
    .addColumn('used_uri', 'text', required)
    .addColumn('reason', 'text', required)
    .addColumn('created_at', epoch, required)
    .addPrimaryKeyConstraint('lineage_holds_key', ['workspace', 'user_uri', 'used_uri'])
    .execute();
  await db.schema
    .createIndex('lineage_holds_by_used')
    .on('lineage_holds')
    .columns(['workspace', 'used_uri'])
    .execute();
}
