import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

/** People log in by a password that they have chosen; of passwords, invitations and sessions only hashes are kept. */
export const migration: Migration = {
  name: '050-users',
  async up(db) {
    for (const column of ['password_hash', 'invitation_hash'])
      await db.schema.alterTable('users').addColumn(column, 'text').execute();
    for (const column of ['invitation_expires_at', 'password_changed_at', 'last_login_at', 'disabled_at'])
      await db.schema.alterTable('users').addColumn(column, epoch).execute();
    await db.schema
      .createIndex('users_by_invitation')
      .on('users')
      .column('invitation_hash')
      .unique()
      .execute();

    await db.schema
      .createTable('sessions')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('user_name', 'text', required)
      .addColumn('hash', 'text', required)
      .addColumn('address', 'text', required)
      .addColumn('agent', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('last_seen_at', epoch, required)
      .addColumn('expires_at', epoch, required)
      .addUniqueConstraint('sessions_hash', ['hash'])
      .execute();
    await db.schema
      .createIndex('sessions_by_user')
      .on('sessions')
      .columns(['workspace', 'user_name', 'id'])
      .execute();
  },
};
