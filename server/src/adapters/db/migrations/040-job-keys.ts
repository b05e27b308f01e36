import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '040-job-keys',
  async up(db) {
    await db.schema
      .createTable('job_keys')
      .addColumn('job_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('key', 'text', required)
      .addColumn('parts', 'text', required)
      .addColumn('environment', 'text', required)
      .addColumn('results', 'text')
      .addColumn('created_at', epoch, required)
      .execute();
    const index = db.schema.createIndex('job_keys_key').on('job_keys');
    await index.columns(['workspace', 'key', 'created_at']).execute();
    const newest = db.schema.createIndex('job_keys_newest').on('job_keys');
    await newest.columns(['workspace', 'created_at']).execute();
    await db.schema
      .createTable('job_flights')
      .addColumn('workspace', 'text', required)
      .addColumn('asked', 'text', required)
      .addColumn('job_id', 'text', required)
      .addPrimaryKeyConstraint('job_flights_pk', ['workspace', 'asked'])
      .execute();
    await db.schema.createIndex('job_flights_job').on('job_flights').column('job_id').execute();
    await db.schema.alterTable('jobs').addColumn('cache', 'text').execute();
  },
};
