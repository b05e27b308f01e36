import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '054-comments',
  async up(db) {
    await db.schema
      .createTable('comments')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('subject', 'text', required)
      .addColumn('author', 'text', required)
      .addColumn('text', 'text', required)
      .addColumn('mentions', 'text', required)
      .addColumn('revision', 'integer', required)
      .addColumn('created_at', epoch, required)
      .addColumn('edited_at', epoch)
      .addColumn('deleted_at', epoch)
      .addColumn('deleted_by', 'text')
      .execute();
    await db.schema
      .createIndex('comments_by_subject')
      .on('comments')
      .columns(['workspace', 'subject', 'id'])
      .execute();
  },
};
