import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '042-rollouts',
  async up(db) {
    await db.schema
      .createTable('rollouts')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('candidate', 'text', required)
      .addColumn('view', 'text')
      .addColumn('champion', 'text', required)
      .addColumn('champion_variant', 'text', required)
      .addColumn('candidate_variant', 'text', required)
      .addColumn('stage', 'text', required)
      .addColumn('evidence', 'text')
      .addColumn('policy', 'text', required)
      .addColumn('timeline', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('canary_at', epoch)
      .addColumn('finished_at', epoch)
      .addColumn('active_endpoint', 'text')
      .addUniqueConstraint('rollouts_one_active', ['workspace', 'active_endpoint'])
      .execute();
    await db.schema
      .createIndex('rollouts_by_endpoint')
      .on('rollouts')
      .columns(['workspace', 'endpoint'])
      .execute();
  },
};
