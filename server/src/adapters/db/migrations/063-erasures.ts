import { epoch, required } from '../columns.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

/** Subjects erased by their key: who has erased them, which files are to go, and what the versions were before. */
export const migration: Migration = {
  name: '063-erasures',
  async up(db) {
    await createErasures(db);
    await db.schema
      .createTable('dataset_erasures')
      .addColumn('workspace', 'text', required)
      .addColumn('dataset', 'text', required)
      .addColumn('number', 'integer', required)
      .addColumn('old_digest', 'text', required)
      .addColumn('new_digest', 'text', required)
      .addColumn('row_count', 'bigint', required)
      .addColumn('erasure', 'text', required)
      .addColumn('erased_at', epoch, required)
      .addPrimaryKeyConstraint('dataset_erasures_key', ['workspace', 'dataset', 'number', 'old_digest'])
      .execute();
    await db.schema
      .createIndex('dataset_erasures_by_erasure')
      .on('dataset_erasures')
      .column('erasure')
      .execute();
  },
};

async function createErasures(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('subject_erasures')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('workspace', 'text', required)
    .addColumn('columns', 'text', required)
    // Null when all have erased it: then only a digest tells whose it was.
    .addColumn('subject_key', 'text')
    .addColumn('salt', 'text', required)
    .addColumn('key_digest', 'text', required)
    .addColumn('reason', 'text', required)
    .addColumn('models', 'text', required)
    .addColumn('derived', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addColumn('finished_at', epoch)
    .execute();
  await db.schema
    .createTable('subject_erasure_holders')
    .addColumn('erasure', 'text', required)
    .addColumn('holder', 'text', required)
    .addColumn('attempts', 'integer', required)
    .addColumn('error', 'text')
    .addColumn('places', 'text', required)
    .addColumn('kept', 'integer', required)
    .addColumn('acknowledged_at', epoch)
    .addPrimaryKeyConstraint('subject_erasure_holders_key', ['erasure', 'holder'])
    .execute();
  await db.schema
    .createTable('subject_erasure_blobs')
    .addColumn('erasure', 'text', required)
    .addColumn('holder', 'text', required)
    .addColumn('blob', 'text', required)
    .addPrimaryKeyConstraint('subject_erasure_blobs_key', ['erasure', 'holder', 'blob'])
    .execute();
}
