import { sql } from 'kysely';
import { autoId, epoch, required } from '../columns.ts';
import type { DatabaseKind } from '../db.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

export const migration: Migration = {
  name: '023-logged-models',
  async up(db, kind) {
    await createModels(db);
    await createMetrics(db, kind);
    await createModelsOfRuns(db);
  },
};

async function createModels(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('logged_models')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('workspace', 'text', required)
    .addColumn('experiment_id', 'bigint', required)
    .addColumn('name', 'text', required)
    .addColumn('model_type', 'text')
    .addColumn('source_run_id', 'text')
    .addColumn('status', 'text', required)
    .addColumn('actor', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('updated_at', epoch, required)
    .addColumn('deleted_at', epoch)
    .execute();
  await db.schema
    .createIndex('logged_models_by_creation')
    .on('logged_models')
    .columns(['workspace', 'experiment_id', 'created_at', 'id'])
    .execute();

  for (const table of ['logged_model_parameters', 'logged_model_tags']) {
    await db.schema
      .createTable(table)
      .addColumn('model_id', 'text', required)
      .addColumn('key', 'text', required)
      .addColumn('value', 'text', required)
      .addPrimaryKeyConstraint(`${table}_key`, ['model_id', 'key'])
      .execute();
  }
}

async function createMetrics(db: MigrationDb, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('logged_model_metrics')
    .addColumn('id', ...autoId(kind))
    .addColumn('model_id', 'text', required)
    .addColumn('key', 'text', required)
    .addColumn('run_id', 'text', required)
    .addColumn('dataset_name', 'text', required)
    .addColumn('dataset_digest', 'text', required)
    .addColumn('step', 'bigint', required)
    .addColumn('recorded_at', epoch, required)
    .addColumn('value', 'double precision', required)
    .addColumn('is_nan', 'integer', required)
    .addUniqueConstraint('logged_model_metrics_series', [
      'model_id',
      'key',
      'run_id',
      'dataset_name',
      'dataset_digest',
    ])
    .execute();

  const points = db.schema
    .createTable('logged_model_points')
    .addColumn('series_id', 'bigint', required)
    .addColumn('recorded_at', epoch, required)
    .addColumn('step', 'bigint', required)
    .addColumn('value', 'double precision', required)
    .addColumn('is_nan', 'integer', required)
    .addPrimaryKeyConstraint('logged_model_points_key', [
      'series_id',
      'recorded_at',
      'step',
      'value',
      'is_nan',
    ]);
  await (kind === 'sqlite' ? points.modifyEnd(sql`without rowid`) : points).execute();
}

/** What of its models a run made and what it read: no copy, so a renamed model is renamed everywhere. */
async function createModelsOfRuns(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('run_models')
    .addColumn('run_id', 'text', required)
    .addColumn('role', 'text', required)
    .addColumn('model_id', 'text', required)
    .addColumn('step', 'bigint', required)
    .addPrimaryKeyConstraint('run_models_key', ['run_id', 'role', 'model_id', 'step'])
    .execute();
  await db.schema.createIndex('run_models_by_model').on('run_models').column('model_id').execute();
}
