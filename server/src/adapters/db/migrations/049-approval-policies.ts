import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '049-approval-policies',
  async up(db) {
    await db.schema.alterTable('model_gates').addColumn('approval', 'text').execute();
    await db.schema.alterTable('model_approvals').addColumn('handover', 'text').execute();
    await db.schema
      .alterTable('model_approvals')
      .addColumn('missing', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
  },
};
