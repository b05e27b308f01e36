import { required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '012-dataset-deltas',
  async up(db) {
    // How a chunk is put together that has no file of its own.
    await db.schema.alterTable('dataset_chunks').addColumn('runs', 'text').execute();
    await db.schema
      .createTable('dataset_chunk_sources')
      .addColumn('chunk', 'text', required)
      .addColumn('position', 'integer', required)
      .addColumn('blob', 'text', required)
      .addColumn('bytes', 'bigint', required)
      .addColumn('kind', 'text', required)
      .addPrimaryKeyConstraint('dataset_chunk_sources_key', ['chunk', 'position'])
      .execute();
    await db.schema
      .createIndex('dataset_chunk_sources_by_blob')
      .on('dataset_chunk_sources')
      .column('blob')
      .execute();
    // Null for versions older than this column.
    await db.schema.alterTable('dataset_versions').addColumn('stored_bytes', 'bigint').execute();
  },
};
