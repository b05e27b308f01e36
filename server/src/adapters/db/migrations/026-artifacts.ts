import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '026-artifacts',
  async up(db) {
    // Unfinished uploads in parts. The parts are files; a row outlives its completion, so that a retry is answered.
    await db.schema
      .createTable('artifact_uploads')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('workspace', 'text', required)
      .addColumn('owner_id', 'text', required)
      .addColumn('path', 'text', required)
      .addColumn('part_count', 'bigint', required)
      .addColumn('actor', 'text', required)
      .addColumn('created_at', epoch, required)
      .addColumn('completed_at', epoch)
      .execute();
    await db.schema
      .createIndex('artifact_uploads_by_age')
      .on('artifact_uploads')
      .columns(['workspace', 'created_at'])
      .execute();

    // Where the clients of an experiment keep its files; null is this server's own blobs.
    await db.schema.alterTable('experiments').addColumn('artifact_location', 'text').execute();

    // Numbers are never given twice, also when the experiment that had one is gone for good.
    await db.schema
      .createTable('experiment_numbers')
      .addColumn('workspace', 'text', (column) => column.primaryKey().notNull())
      .addColumn('last_id', 'bigint', required)
      .execute();

    // Runs and logged models that are gone for everybody, and whose rows are still being cleared.
    await db.schema
      .createTable('artifact_owner_removals')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('kind', 'text', required)
      .addColumn('created_at', epoch, required)
      .execute();

    // Which blobs are still wanted is asked for each of them.
    for (const [table, column] of [
      ['dataset_chunks', 'blob'],
      ['dataset_versions', 'digest'],
    ] as const)
      await db.schema.createIndex(`${table}_by_content`).on(table).column(column).execute();
  },
};
