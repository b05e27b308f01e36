import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '055-owners',
  async up(db) {
    await db.schema
      .createTable('owners')
      .addColumn('workspace', 'text', required)
      .addColumn('subject', 'text', required)
      .addColumn('owner', 'text')
      .addColumn('consumers', 'text', required)
      .addColumn('updated_at', epoch, required)
      .addColumn('updated_by', 'text', required)
      .addPrimaryKeyConstraint('owners_key', ['workspace', 'subject'])
      .execute();
    await db.schema
      .createTable('endpoint_callers')
      .addColumn('workspace', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('actor', 'text', required)
      .addColumn('requests', 'bigint', required)
      .addColumn('first_at', epoch, required)
      .addColumn('last_at', epoch, required)
      .addPrimaryKeyConstraint('endpoint_callers_key', ['workspace', 'endpoint', 'actor'])
      .execute();
  },
};
