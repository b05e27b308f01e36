import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '034-webhooks',
  async up(db) {
    await db.schema
      .createTable('webhooks')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('url', 'text', required)
      .addColumn('description', 'text', required)
      .addColumn('events', 'text', required)
      .addColumn('status', 'text', required)
      .addColumn('has_secret', 'integer', required)
      .addColumn('created_at', epoch, required)
      .addColumn('updated_at', epoch, required)
      .addColumn('created_by', 'text', required)
      .execute();
    await db.schema.createIndex('webhooks_newest').on('webhooks').columns(['workspace', 'id']).execute();

    await db.schema
      .createTable('webhook_deliveries')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('webhook', 'text', required)
      .addColumn('event_id', 'bigint', required)
      .addColumn('event', 'text', required)
      .addColumn('subject', 'text', required)
      .addColumn('message', 'text', required)
      .addColumn('state', 'text', required)
      .addColumn('attempts', 'integer', required)
      .addColumn('status', 'integer')
      .addColumn('error', 'text')
      .addColumn('next_try_at', epoch)
      .addColumn('created_at', epoch, required)
      .addColumn('finished_at', epoch)
      .addUniqueConstraint('webhook_deliveries_once', ['webhook', 'event_id'])
      .execute();
    await db.schema
      .createIndex('webhook_deliveries_due')
      .on('webhook_deliveries')
      .columns(['webhook', 'state', 'next_try_at', 'event_id'])
      .execute();
  },
};
