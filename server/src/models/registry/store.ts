import type { Approval, RegisteredModel } from '@tidemill/contract';
import { type Db, json, lockKey, parseJson, type Tx } from '../../adapters/db/db.ts';
import type { RegistryTables } from '../../adapters/db/tables/registry.ts';
import type { NewVersion, StoredVersion } from './rules.ts';

type VersionRow = RegistryTables['model_versions'];

export const registryStore = (db: Db) => ({
  /** Until the transaction ends nobody else registers under this name. */
  lockModel: (workspace: string, model: string) => lockKey(db as Tx, `model/${workspace}/${model}`),

  /** Creates the model with its first version. */
  async takeNumber(workspace: string, name: string, now: number): Promise<number> {
    const row = await db
      .insertInto('registered_models')
      .values({ workspace, name, description: '', last_version: 1, created_at: now })
      .onConflict((conflict) =>
        conflict
          .columns(['workspace', 'name'])
          .doUpdateSet((e) => ({ last_version: e('registered_models.last_version', '+', 1) })),
      )
      .returning('last_version')
      .executeTakeFirstOrThrow();
    return row.last_version;
  },

  async insertVersion(version: StoredVersion): Promise<void> {
    await db.insertInto('model_versions').values(toRow(version)).execute();
  },

  async findSame(
    version: Pick<NewVersion, 'workspace' | 'model' | 'runId' | 'artifactPath' | 'digest'>,
  ): Promise<StoredVersion | null> {
    const row = await db
      .selectFrom('model_versions')
      .selectAll()
      .where('workspace', '=', version.workspace)
      .where('model', '=', version.model)
      .where('run_id', '=', version.runId)
      .where('artifact_path', '=', version.artifactPath)
      .where('digest', '=', version.digest)
      .executeTakeFirst();
    return row ? toVersion(row) : null;
  },

  async findVersion(workspace: string, model: string, number: number): Promise<StoredVersion | null> {
    const row = await db
      .selectFrom('model_versions')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('number', '=', number)
      .executeTakeFirst();
    return row ? toVersion(row) : null;
  },

  /** Newest first. */
  async listVersions(filter: {
    workspace: string;
    model: string;
    before: number | undefined;
    limit: number;
  }): Promise<StoredVersion[]> {
    let query = db
      .selectFrom('model_versions')
      .selectAll()
      .where('workspace', '=', filter.workspace)
      .where('model', '=', filter.model);
    if (filter.before !== undefined) query = query.where('number', '<', filter.before);
    const rows = await query.orderBy('number', 'desc').limit(filter.limit).execute();
    return rows.map(toVersion);
  },

  async listByRun(workspace: string, runId: string): Promise<{ model: string; number: number }[]> {
    return db
      .selectFrom('model_versions')
      .select(['model', 'number'])
      .where('workspace', '=', workspace)
      .where('run_id', '=', runId)
      .orderBy('created_at')
      .execute();
  },

  async setApproval(workspace: string, model: string, number: number, approval: Approval): Promise<void> {
    await db
      .updateTable('model_versions')
      .set({ approval })
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('number', '=', number)
      .execute();
  },

  async findModel(workspace: string, name: string): Promise<RegisteredModel | null> {
    const row = await db
      .selectFrom('registered_models')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .executeTakeFirst();
    if (!row) return null;
    return toModel(row, await listAliases(db, workspace, [name]));
  },

  async listModels(filter: {
    workspace: string;
    after: string | undefined;
    limit: number;
  }): Promise<RegisteredModel[]> {
    let query = db.selectFrom('registered_models').selectAll().where('workspace', '=', filter.workspace);
    if (filter.after !== undefined) query = query.where('name', '>', filter.after);
    const rows = await query.orderBy('name').limit(filter.limit).execute();
    const aliases = await listAliases(
      db,
      filter.workspace,
      rows.map((row) => row.name),
    );
    return rows.map((row) => toModel(row, aliases));
  },

  async findAlias(workspace: string, model: string, alias: string): Promise<number | null> {
    const row = await db
      .selectFrom('model_aliases')
      .select('number')
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('alias', '=', alias)
      .executeTakeFirst();
    return row?.number ?? null;
  },

  async saveAlias(alias: {
    workspace: string;
    model: string;
    alias: string;
    number: number;
    actor: string;
    now: number;
  }): Promise<void> {
    const value = { number: alias.number, updated_at: alias.now, updated_by: alias.actor };
    await db
      .insertInto('model_aliases')
      .values({ workspace: alias.workspace, model: alias.model, alias: alias.alias, ...value })
      .onConflict((conflict) => conflict.columns(['workspace', 'model', 'alias']).doUpdateSet(value))
      .execute();
  },

  async deleteAlias(workspace: string, model: string, alias: string): Promise<void> {
    await db
      .deleteFrom('model_aliases')
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('alias', '=', alias)
      .execute();
  },

  /** The endpoint whose promotions move this alias. */
  async findBinding(workspace: string, model: string, alias: string): Promise<string | null> {
    const row = await db
      .selectFrom('model_alias_bindings')
      .select('endpoint_uri')
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('alias', '=', alias)
      .executeTakeFirst();
    return row?.endpoint_uri ?? null;
  },

  async saveBinding(binding: {
    workspace: string;
    model: string;
    alias: string;
    endpointUri: string;
  }): Promise<void> {
    await db
      .insertInto('model_alias_bindings')
      .values({
        workspace: binding.workspace,
        model: binding.model,
        alias: binding.alias,
        endpoint_uri: binding.endpointUri,
      })
      .onConflict((conflict) => conflict.columns(['workspace', 'model', 'alias']).doNothing())
      .execute();
  },

  async deleteBindings(workspace: string, endpointUri: string): Promise<void> {
    await db
      .deleteFrom('model_alias_bindings')
      .where('workspace', '=', workspace)
      .where('endpoint_uri', '=', endpointUri)
      .execute();
  },

  listAliases: (workspace: string, models: readonly string[]) => listAliases(db, workspace, models),
});

interface Alias {
  readonly model: string;
  readonly alias: string;
  readonly number: number;
}

async function listAliases(db: Db, workspace: string, models: readonly string[]): Promise<Alias[]> {
  if (models.length === 0) return [];
  return db
    .selectFrom('model_aliases')
    .select(['model', 'alias', 'number'])
    .where('workspace', '=', workspace)
    .where('model', 'in', models)
    .execute();
}

function toModel(row: RegistryTables['registered_models'], aliases: readonly Alias[]): RegisteredModel {
  const own = aliases.filter((alias) => alias.model === row.name);
  return {
    name: row.name,
    description: row.description,
    latestVersion: row.last_version,
    aliases: Object.fromEntries(own.map((alias) => [alias.alias, alias.number])),
    createdAt: row.created_at,
  };
}

function toRow(version: StoredVersion): VersionRow {
  return {
    workspace: version.workspace,
    model: version.model,
    number: version.number,
    digest: version.digest,
    files: json(version.files),
    inputs: json(version.inputs),
    flavors: json(version.flavors),
    training_range: json(version.trainingRange),
    run_id: version.runId,
    artifact_path: version.artifactPath,
    training_set: version.trainingSet,
    recipe: version.recipe === null ? null : json(version.recipe),
    metrics: json(version.metrics),
    approval: version.approval,
    description: version.description,
    created_at: version.createdAt,
    created_by: version.createdBy,
  };
}

function toVersion(row: VersionRow): StoredVersion {
  return {
    workspace: row.workspace,
    model: row.model,
    number: row.number,
    digest: row.digest,
    files: parseJson(row.files),
    inputs: parseJson(row.inputs),
    flavors: parseJson(row.flavors),
    trainingRange: parseJson(row.training_range),
    runId: row.run_id,
    artifactPath: row.artifact_path,
    trainingSet: row.training_set,
    recipe: row.recipe === null ? null : parseJson(row.recipe),
    metrics: parseJson(row.metrics),
    approval: row.approval as Approval,
    description: row.description,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
