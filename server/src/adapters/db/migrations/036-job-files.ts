import { required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '036-job-files',
  async up(db) {
    await db.schema
      .createTable('job_files')
      .addColumn('job_id', 'text', required)
      .addColumn('role', 'text', required)
      .addColumn('path', 'text', required)
      .addColumn('sha256', 'text', required)
      .addColumn('executable', 'integer', required)
      .addPrimaryKeyConstraint('job_files_pk', ['job_id', 'role', 'path'])
      .execute();
    await db.schema.createIndex('job_files_sha256').on('job_files').column('sha256').execute();
  },
};
