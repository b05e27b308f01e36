import type { Db } from '../../adapters/db/db.ts';
import type { Alias } from './rules.ts';

const namesAtOnce = 1000;

/** Names for versions, and which of them follow an endpoint. */
export const aliasStore = (db: Db) => ({
  async listOfModels(workspace: string, models: readonly string[]): Promise<Map<string, Alias[]>> {
    const aliases = new Map<string, Alias[]>();
    for (let from = 0; from < models.length; from += namesAtOnce) {
      const some = await db
        .selectFrom('model_aliases')
        .select(['model', 'alias', 'number'])
        .where('workspace', '=', workspace)
        .where('model', 'in', models.slice(from, from + namesAtOnce))
        .orderBy('alias')
        .execute();
      for (const { model, ...alias } of some) aliases.set(model, [...(aliases.get(model) ?? []), alias]);
    }
    return aliases;
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

  /** Every alias of one version. */
  async deleteAliasesOf(workspace: string, model: string, number: number): Promise<void> {
    await db
      .deleteFrom('model_aliases')
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .where('number', '=', number)
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

  /** An endpoint that moves any alias of the model. */
  async findAnyBinding(workspace: string, model: string): Promise<string | null> {
    const row = await db
      .selectFrom('model_alias_bindings')
      .select('endpoint_uri')
      .where('workspace', '=', workspace)
      .where('model', '=', model)
      .limit(1)
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
});
