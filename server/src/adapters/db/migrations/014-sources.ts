import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '014-sources',
  async up(db) {
    await db.schema
      .createTable('sources')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('dataset', 'text', required)
      .addColumn('origin', 'text', required)
      .addColumn('location', 'text', required)
      .addColumn('secret_names', 'text', required)
      .addColumn('format', 'text')
      .addColumn('mapping', 'text')
      .addColumn('date_format', 'text')
      .addColumn('mode', 'text', required)
      .addColumn('key_columns', 'text')
      .addColumn('cursor_column', 'text')
      .addColumn('cursor_lookback', 'bigint')
      .addColumn('cursor_value', 'text')
      .addColumn('schedule', 'text')
      .addColumn('next_pull_at', epoch)
      .addColumn('validator', 'text')
      .addColumn('active_pull', 'text')
      .addColumn('created_at', epoch, required)
      .addColumn('updated_at', epoch, required)
      .addColumn('created_by', 'text', required)
      .addUniqueConstraint('sources_name', ['workspace', 'name'])
      .execute();

    await db.schema
      .createTable('source_pulls')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('source', 'text', required)
      .addColumn('task', 'text', required)
      .addColumn('trigger', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('is_full', 'integer', required)
      .addColumn('accepted', 'text')
      .addColumn('bytes', 'bigint')
      .addColumn('row_count', 'bigint')
      .addColumn('version', 'text')
      .addColumn('cursor_column', 'text')
      .addColumn('cursor_from', 'text')
      .addColumn('cursor_to', 'text')
      .addColumn('change', 'text')
      .addColumn('found', 'text')
      .addColumn('error_code', 'text')
      .addColumn('error', 'text')
      .addColumn('created_at', epoch, required)
      .addColumn('started_at', epoch)
      .addColumn('finished_at', epoch)
      .addColumn('created_by', 'text', required)
      .execute();
    await db.schema.createIndex('source_pulls_newest').on('source_pulls').columns(['source', 'id']).execute();
  },
};
