import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

/** Policies of environments, approvals for one, and what people attest of the ML Test Score. */
export const migration: Migration = {
  name: '059-environments',
  async up(db) {
    await db.schema.alterTable('model_gates').addColumn('environments', 'text').execute();
    await db.schema.alterTable('model_approvals').addColumn('environment', 'text').execute();
    await db.schema
      .createTable('model_attestations')
      .addColumn('workspace', 'text', required)
      .addColumn('model', 'text', required)
      .addColumn('test', 'text', required)
      .addColumn('note', 'text', required)
      .addColumn('actor', 'text', required)
      .addColumn('created_at', epoch, required)
      .addPrimaryKeyConstraint('model_attestations_key', ['workspace', 'model', 'test'])
      .execute();
  },
};
