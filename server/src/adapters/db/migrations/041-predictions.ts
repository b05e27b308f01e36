import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '041-predictions',
  async up(db) {
    await db.schema
      .createTable('prediction_segments')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('endpoint', 'text', required)
      .addColumn('kind', 'text', required)
      .addColumn('day', 'text', required)
      .addColumn('sha256', 'text', required)
      .addColumn('row_count', 'integer', required)
      .addColumn('marked_count', 'integer', required)
      .addColumn('sealed_at', epoch, required)
      .execute();
    await db.schema
      .createIndex('prediction_segments_by_day')
      .on('prediction_segments')
      .columns(['workspace', 'endpoint', 'day'])
      .execute();
  },
};
