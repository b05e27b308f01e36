import { epoch, required } from '../columns.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

export const migration: Migration = {
  name: '030-registry',
  async up(db) {
    await createModels(db);
    await createAliases(db);
  },
};

async function createModels(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('registered_models')
    .addColumn('workspace', 'text', required)
    .addColumn('name', 'text', required)
    .addColumn('description', 'text', required)
    .addColumn('last_version', 'integer', required)
    .addColumn('created_at', epoch, required)
    .addPrimaryKeyConstraint('registered_models_key', ['workspace', 'name'])
    .execute();

  await db.schema
    .createTable('model_versions')
    .addColumn('workspace', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('number', 'integer', required)
    .addColumn('digest', 'text', required)
    .addColumn('files', 'text', required)
    .addColumn('inputs', 'text', required)
    .addColumn('flavors', 'text', required)
    .addColumn('training_range', 'text', required)
    .addColumn('run_id', 'text', required)
    .addColumn('artifact_path', 'text', required)
    .addColumn('training_set', 'text')
    .addColumn('recipe', 'text')
    .addColumn('metrics', 'text', required)
    .addColumn('approval', 'text', required)
    .addColumn('description', 'text', required)
    .addColumn('created_at', epoch, required)
    .addColumn('created_by', 'text', required)
    .addPrimaryKeyConstraint('model_versions_key', ['workspace', 'model', 'number'])
    .addUniqueConstraint('model_versions_source', ['workspace', 'model', 'run_id', 'artifact_path', 'digest'])
    .execute();

  await db.schema
    .createIndex('model_versions_run')
    .on('model_versions')
    .columns(['workspace', 'run_id'])
    .execute();
}

async function createAliases(db: MigrationDb): Promise<void> {
  await db.schema
    .createTable('model_aliases')
    .addColumn('workspace', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('alias', 'text', required)
    .addColumn('number', 'integer', required)
    .addColumn('updated_at', epoch, required)
    .addColumn('updated_by', 'text', required)
    .addPrimaryKeyConstraint('model_aliases_key', ['workspace', 'model', 'alias'])
    .execute();

  await db.schema
    .createTable('model_alias_bindings')
    .addColumn('workspace', 'text', required)
    .addColumn('model', 'text', required)
    .addColumn('alias', 'text', required)
    .addColumn('endpoint_uri', 'text', required)
    .addPrimaryKeyConstraint('model_alias_bindings_key', ['workspace', 'model', 'alias'])
    .execute();
}
