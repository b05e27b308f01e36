import { sql } from 'kysely';
import { epoch, required } from '../columns.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

/** Versions of any source, also without files of ours; stages, tags, and what is left of a deleted model. */
export const migration: Migration = {
  name: '033-registered-models',
  async up(db) {
    await addModelUpdates(db);
    await rebuildVersions(db);
    await createTags(db);
    await createPromotions(db);
  },
};

async function addModelUpdates(db: MigrationDb): Promise<void> {
  await db.schema
    .alterTable('registered_models')
    .addColumn('updated_at', epoch, (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`update registered_models set updated_at = created_at`.execute(db);

  await db.schema
    .createTable('retired_model_names')
    .addColumn('workspace', 'text', required)
    .addColumn('name', 'text', required)
    .addColumn('last_version', 'integer', required)
    .addColumn('renamed_to', 'text')
    .addPrimaryKeyConstraint('retired_model_names_key', ['workspace', 'name'])
    .execute();
}

async function rebuildVersions(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('model_versions_new')
    .addColumn('workspace', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('number', 'integer', required)
    .addColumn('source', 'text')
    .addColumn('location', 'text')
    .addColumn('digest', 'text')
    .addColumn('files', 'text', required)
    .addColumn('inputs', 'text', required)
    .addColumn('flavors', 'text', required)
    .addColumn('training_range', 'text', required)
    .addColumn('run_id', 'text')
    .addColumn('run_link', 'text')
    .addColumn('model_id', 'text')
    .addColumn('artifact_path', 'text')
    .addColumn('training_set', 'text')
    .addColumn('recipe', 'text')
    .addColumn('metrics', 'text', required)
    .addColumn('approval', 'text', required)
    .addColumn('stage', 'text', required)
    .addColumn('description', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addColumn('updated_at', epoch, required)
    .addPrimaryKeyConstraint('model_versions_number', ['workspace', 'model', 'number'])
    .execute();

  await sql`
    insert into model_versions_new (workspace, model, number, source, digest, files, inputs, flavors, training_range,
      run_id, artifact_path, training_set, recipe, metrics, approval, stage, description, created_at, created_by, updated_at)
    select workspace, model, number, 'runs:/' || run_id || '/' || artifact_path, digest, files, inputs, flavors, training_range,
      run_id, artifact_path, training_set, recipe, metrics, approval, 'None', description, created_at, created_by, created_at
    from model_versions`.execute(db);
  await db.schema.dropTable('model_versions').execute();
  await db.schema.alterTable('model_versions_new').renameTo('model_versions').execute();
  await db.schema
    .createIndex('model_versions_run')
    .on('model_versions')
    .columns(['workspace', 'run_id'])
    .execute();
  await db.schema
    .createIndex('model_versions_updated')
    .on('model_versions')
    .columns(['workspace', 'updated_at'])
    .execute();
}

async function createTags(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('registered_model_tags')
    .addColumn('workspace', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('key', 'text', required)
    .addColumn('value', 'text', required)
    .addPrimaryKeyConstraint('registered_model_tags_key', ['workspace', 'model', 'key'])
    .execute();

  await db.schema
    .createTable('model_version_tags')
    .addColumn('workspace', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('number', 'integer', required)
    .addColumn('key', 'text', required)
    .addColumn('value', 'text', required)
    .addPrimaryKeyConstraint('model_version_tags_key', ['workspace', 'model', 'number', 'key'])
    .execute();
}

async function createPromotions(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('promotions')
    .addColumn('workspace', 'text', required)
    .addColumn('id', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('version', 'integer', required)
    .addColumn('alias', 'text', required)
    .addColumn('endpoint', 'text', required)
    .addColumn('state', 'text', required)
    .addColumn('reason', 'text', required)
    .addColumn('rollout', 'text')
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addColumn('updated_at', epoch, required)
    .addPrimaryKeyConstraint('promotions_key', ['workspace', 'id'])
    .execute();
}
