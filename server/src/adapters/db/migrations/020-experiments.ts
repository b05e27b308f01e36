import { sql } from 'kysely';
import { autoId, epoch, required } from '../columns.ts';
import type { DatabaseKind } from '../db.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

export const migration: Migration = {
  name: '020-experiments',
  async up(db, kind) {
    await createExperiments(db);
    await createRuns(db);
    await createMetrics(db, kind);
    await createInputs(db);
    await createArtifacts(db);
  },
};

async function createExperiments(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('experiments')
    .addColumn('workspace', 'text', required)
    .addColumn('id', 'bigint', required)
    .addColumn('name', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('updated_at', epoch, required)
    .addColumn('deleted_at', epoch)
    .addPrimaryKeyConstraint('experiments_id', ['workspace', 'id'])
    .addUniqueConstraint('experiments_name', ['workspace', 'name'])
    .execute();

  await db.schema
    .createTable('experiment_tags')
    .addColumn('workspace', 'text', required)
    .addColumn('experiment_id', 'bigint', required)
    .addColumn('key', 'text', required)
    .addColumn('value', 'text', required)
    .addPrimaryKeyConstraint('experiment_tags_key', ['workspace', 'experiment_id', 'key'])
    .execute();
}

async function createRuns(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('runs')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('workspace', 'text', required)
    .addColumn('experiment_id', 'bigint', required)
    .addColumn('name', 'text', required)
    .addColumn('status', 'text', required)
    .addColumn('user_name', 'text', required)
    .addColumn('actor', 'text', required)
    .addColumn('started_at', epoch, required)
    .addColumn('ended_at', epoch)
    .addColumn('deleted_at', epoch)
    .execute();
  await db.schema
    .createIndex('runs_by_start')
    .on('runs')
    .columns(['workspace', 'experiment_id', 'started_at', 'id'])
    .execute();

  for (const table of ['run_parameters', 'run_tags']) {
    await db.schema
      .createTable(table)
      .addColumn('run_id', 'text', required)
      .addColumn('key', 'text', required)
      .addColumn('value', 'text', required)
      .addPrimaryKeyConstraint(`${table}_key`, ['run_id', 'key'])
      .execute();
  }
}

async function createMetrics(db: MigrationDb, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('run_metrics')
    .addColumn('id', ...autoId(kind))
    .addColumn('run_id', 'text', required)
    .addColumn('key', 'text', required)
    .addColumn('step', 'bigint', required)
    .addColumn('recorded_at', epoch, required)
    .addColumn('value', 'double precision', required)
    .addColumn('is_nan', 'integer', required)
    .addUniqueConstraint('run_metrics_key', ['run_id', 'key'])
    .execute();

  const points = db.schema
    .createTable('metric_points')
    .addColumn('series_id', 'bigint', required)
    .addColumn('recorded_at', epoch, required)
    .addColumn('step', 'bigint', required)
    .addColumn('value', 'double precision', required)
    .addColumn('is_nan', 'integer', required)
    // The whole row is the key: a point sent twice is one point, and a history is read in the key's order.
    .addPrimaryKeyConstraint('metric_points_key', ['series_id', 'recorded_at', 'step', 'value', 'is_nan']);
  await (kind === 'sqlite' ? points.modifyEnd(sql`without rowid`) : points).execute();
}

async function createInputs(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('input_datasets')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('workspace', 'text', required)
    .addColumn('experiment_id', 'bigint', required)
    .addColumn('name', 'text', required)
    .addColumn('digest', 'text', required)
    .addColumn('source_type', 'text', required)
    .addColumn('source', 'text', required)
    .addColumn('schema', 'text')
    .addColumn('profile', 'text')
    .addUniqueConstraint('input_datasets_identity', ['workspace', 'experiment_id', 'name', 'digest'])
    .execute();

  await db.schema
    .createTable('run_inputs')
    .addColumn('run_id', 'text', required)
    .addColumn('dataset_id', 'text', required)
    .addColumn('context', 'text', required)
    .addColumn('tags', 'text', required)
    .addPrimaryKeyConstraint('run_inputs_key', ['run_id', 'dataset_id'])
    .execute();
}

async function createArtifacts(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('run_artifacts')
    .addColumn('run_id', 'text', required)
    .addColumn('path', 'text', required)
    .addColumn('sha256', 'text', required)
    .addColumn('size', 'bigint', required)
    .addColumn('created_at', epoch, required)
    .addPrimaryKeyConstraint('run_artifacts_path', ['run_id', 'path'])
    .execute();
  // Which blobs are still wanted: asked before one is deleted.
  await db.schema.createIndex('run_artifacts_by_content').on('run_artifacts').column('sha256').execute();
}
