import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '003-secrets',
  async up(db) {
    await db.schema
      .createTable('secrets')
      .addColumn('workspace', 'text', required)
      .addColumn('owner', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('ciphertext', 'text', required)
      .addColumn('nonce', 'text', required)
      .addColumn('key_id', 'text', required)
      .addColumn('created_at', epoch, required)
      .addPrimaryKeyConstraint('secrets_key', ['workspace', 'owner', 'name'])
      .execute();
  },
};
