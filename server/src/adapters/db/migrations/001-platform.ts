import { autoId, epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '001-platform',
  async up(db, kind) {
    await db.schema
      .createTable('outbox')
      .addColumn('id', ...autoId(kind))
      .addColumn('workspace', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('subject', 'text', required)
      .addColumn('payload', 'text', required)
      .addColumn('actor', 'text', required)
      .addColumn('created_at', epoch, required)
      .execute();
    await db.schema.createIndex('outbox_by_kind').on('outbox').columns(['kind', 'id']).execute();

    await db.schema
      .createTable('event_cursors')
      .addColumn('listener', 'text', (column) => column.primaryKey().notNull())
      .addColumn('last_id', 'bigint', required)
      .addColumn('updated_at', epoch, required)
      .execute();

    await db.schema
      .createTable('tasks')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('subject', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('payload', 'text', required)
      .addColumn('progress', 'text')
      .addColumn('result', 'text')
      .addColumn('error', 'text')
      .addColumn('attempt', 'integer', required)
      .addColumn('maximum_attempts', 'integer', required)
      .addColumn('priority', 'integer', required)
      .addColumn('run_at', epoch, required)
      .addColumn('lease_owner', 'text')
      .addColumn('lease_until', epoch)
      .addColumn('actor', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('started_at', epoch)
      .addColumn('updated_at', epoch, required)
      .addColumn('finished_at', epoch)
      .addColumn('deduplication_key', 'text')
      .addUniqueConstraint('tasks_deduplicated', ['workspace', 'kind', 'deduplication_key'])
      .execute();
    await db.schema
      .createIndex('tasks_to_run')
      .on('tasks')
      .columns(['state', 'run_at', 'priority'])
      .execute();
    await db.schema.createIndex('tasks_by_subject').on('tasks').columns(['workspace', 'subject']).execute();

    await db.schema
      .createTable('settings')
      .addColumn('workspace', 'text', required)
      .addColumn('key', 'text', required)
      .addColumn('value', 'text', required)
      .addColumn('updated_at', epoch, required)
      .addPrimaryKeyConstraint('settings_key', ['workspace', 'key'])
      .execute();
  },
};
