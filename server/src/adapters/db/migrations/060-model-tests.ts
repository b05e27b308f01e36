import { autoId, epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

/** Tests of model versions, the cases they are tested with, and what CI said of commits. */
export const migration: Migration = {
  name: '060-model-tests',
  async up(db, kind) {
    await db.schema
      .createTable('model_test_cases')
      .addColumn('workspace', 'text', required)
      .addColumn('model', 'text', required)
      .addColumn('definition', 'text', required)
      .addColumn('updated_at', epoch, required)
      .addColumn('updated_by', 'text', required)
      .addPrimaryKeyConstraint('model_test_cases_key', ['workspace', 'model'])
      .execute();
    await db.schema
      .createTable('model_tests')
      .addColumn('workspace', 'text', required)
      .addColumn('id', 'text', required)
      .addColumn('model', 'text', required)
      .addColumn('version', 'integer', required)
      .addColumn('state', 'text', required)
      .addColumn('scopes', 'text', required)
      .addColumn('error', 'text')
      .addColumn('created_at', epoch, required)
      .addColumn('created_by', 'text', required)
      .addColumn('finished_at', epoch)
      .addPrimaryKeyConstraint('model_tests_key', ['workspace', 'id'])
      .execute();
    await db.schema
      .createIndex('model_tests_version')
      .on('model_tests')
      .columns(['workspace', 'model', 'version', 'id'])
      .execute();
    await db.schema
      .createTable('ci_records')
      .addColumn('seq', ...autoId(kind))
      .addColumn('workspace', 'text', required)
      .addColumn('commit_hash', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('status', 'text', required)
      .addColumn('url', 'text')
      .addColumn('created_at', epoch, required)
      .addColumn('created_by', 'text', required)
      .execute();
    await db.schema
      .createIndex('ci_records_commit')
      .on('ci_records')
      .columns(['workspace', 'commit_hash', 'seq'])
      .execute();
  },
};
