import { sql } from 'kysely';
import { type Db, lockKey, type Tx } from '../../adapters/db/db.ts';
import type { RegistryTables } from '../../adapters/db/tables/registry.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { aliasStore } from './alias-store.ts';
import type { StoredModel } from './rules.ts';

type ModelRow = RegistryTables['registered_models'] & { readonly latest: number | null };

/** Names in one `in (…)`: both databases bound how many values a statement may have. */
const namesAtOnce = 1000;

export const modelStore = (db: Db) => {
  const ofModel = (workspace: string, name: string) =>
    db.selectFrom('registered_models').where('workspace', '=', workspace).where('name', '=', name);

  const rows = () =>
    db
      .selectFrom('registered_models')
      .selectAll()
      .select((e) =>
        e
          .selectFrom('model_versions')
          .select((max) => max.fn.max('number').as('latest'))
          .whereRef('model_versions.workspace', '=', 'registered_models.workspace')
          .whereRef('model_versions.model', '=', 'registered_models.name')
          .as('latest'),
      );

  async function describeAll(workspace: string, found: readonly ModelRow[]): Promise<StoredModel[]> {
    const names = found.map((row) => row.name);
    const aliases = await aliasStore(db).listOfModels(workspace, names);
    const tags = await listTags(workspace, names);
    return found.map((row) => ({
      name: row.name,
      description: row.description,
      latestVersion: row.latest ?? 0,
      aliases: aliases.get(row.name) ?? [],
      tags: tags.get(row.name) ?? [],
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }));
  }

  async function listTags(workspace: string, names: readonly string[]): Promise<Map<string, KeyValue[]>> {
    const tags = new Map<string, KeyValue[]>();
    for (let from = 0; from < names.length; from += namesAtOnce) {
      const some = await db
        .selectFrom('registered_model_tags')
        .select(['model', 'key', 'value'])
        .where('workspace', '=', workspace)
        .where('model', 'in', names.slice(from, from + namesAtOnce))
        .orderBy('key')
        .execute();
      for (const { model, key, value } of some) {
        const own = tags.get(model) ?? [];
        own.push({ key, value });
        tags.set(model, own);
      }
    }
    return tags;
  }

  async function findRetired(workspace: string, name: string) {
    const row = await db
      .selectFrom('retired_model_names')
      .select(['last_version', 'renamed_to'])
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .executeTakeFirst();
    return row ?? null;
  }

  return {
    findRetired,

    /** Until the transaction ends nobody else changes the model of this name, whether it exists or not. */
    lockModel: (workspace: string, model: string) => lockKey(db as Tx, `model/${workspace}/${model}`),

    /** False when the name is taken. Numbers go on where those of an earlier model of the name ended. */
    async insert(model: {
      workspace: string;
      name: string;
      description: string;
      now: number;
    }): Promise<boolean> {
      const { workspace, name, description, now } = model;
      const retired = await findRetired(workspace, name);
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('registered_models')
        .values({
          workspace,
          name,
          description,
          last_version: retired?.last_version ?? 0,
          created_at: now,
          updated_at: now,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return (numInsertedOrUpdatedRows ?? 0n) > 0n;
    },

    /** The next number of the model, which must be there. */
    async takeNumber(workspace: string, name: string, now: number): Promise<number> {
      const row = await db
        .updateTable('registered_models')
        .set((e) => ({ last_version: e('last_version', '+', 1), updated_at: now }))
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .returning('last_version')
        .executeTakeFirstOrThrow();
      return row.last_version;
    },

    async find(workspace: string, name: string): Promise<StoredModel | null> {
      const row = await rows().where('workspace', '=', workspace).where('name', '=', name).executeTakeFirst();
      return row ? ((await describeAll(workspace, [row]))[0] ?? null) : null;
    },

    exists: async (workspace: string, name: string): Promise<boolean> =>
      (await ofModel(workspace, name).select('name').executeTakeFirst()) !== undefined,

    async listNames(workspace: string, limit: number): Promise<string[]> {
      const found = await db
        .selectFrom('registered_models')
        .select('name')
        .where('workspace', '=', workspace)
        .orderBy('name')
        .limit(limit)
        .execute();
      return found.map((row) => row.name);
    },

    /** In the order of the names that were asked for; what is not there is left out. */
    async listByName(workspace: string, names: readonly string[]): Promise<StoredModel[]> {
      if (names.length === 0) return [];
      const found = new Map<string, ModelRow>();
      for (let from = 0; from < names.length; from += namesAtOnce) {
        const some = await rows()
          .where('workspace', '=', workspace)
          .where('name', 'in', names.slice(from, from + namesAtOnce))
          .execute();
        for (const row of some) found.set(row.name, row);
      }
      return describeAll(
        workspace,
        names.flatMap((name) => found.get(name) ?? []),
      );
    },

    async update(
      workspace: string,
      name: string,
      change: { description?: string; updated_at: number },
    ): Promise<void> {
      await db
        .updateTable('registered_models')
        .set(change)
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .execute();
    },

    /** With its versions, aliases and tags. */
    async rename(workspace: string, name: string, to: string, now: number): Promise<void> {
      await db
        .updateTable('registered_models')
        .set({ name: to, updated_at: now })
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .execute();
      await sql`update model_versions set model = ${to}, updated_at = cast(${now} as bigint)
        where workspace = ${workspace} and model = ${name}`.execute(db);
      for (const table of ['model_aliases', 'registered_model_tags', 'model_version_tags'])
        await sql`update ${sql.table(table)} set model = ${to}
          where workspace = ${workspace} and model = ${name}`.execute(db);
    },

    /** With its versions, aliases and tags. */
    async delete(workspace: string, name: string): Promise<void> {
      for (const table of ['model_versions', 'model_aliases', 'registered_model_tags', 'model_version_tags'])
        await sql`delete from ${sql.table(table)} where workspace = ${workspace} and model = ${name}`.execute(
          db,
        );
      await db
        .deleteFrom('registered_models')
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .execute();
    },

    /** Keeps in mind how far the model's numbers went. Call it before the model goes. */
    async retire(workspace: string, name: string, renamedTo: string | null): Promise<void> {
      await sql`insert into retired_model_names (workspace, name, last_version, renamed_to)
        select workspace, name, last_version, cast(${renamedTo} as text) from registered_models
        where workspace = ${workspace} and name = ${name}
        on conflict (workspace, name) do update
        set last_version = excluded.last_version, renamed_to = excluded.renamed_to`.execute(db);
    },

    async unretire(workspace: string, name: string): Promise<void> {
      await db
        .deleteFrom('retired_model_names')
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .execute();
    },

    async saveTags(workspace: string, model: string, tags: readonly KeyValue[]): Promise<void> {
      if (tags.length === 0) return;
      await db
        .insertInto('registered_model_tags')
        .values(tags.map(({ key, value }) => ({ workspace, model, key, value })))
        .onConflict((conflict) =>
          conflict
            .columns(['workspace', 'model', 'key'])
            .doUpdateSet((e) => ({ value: e.ref('excluded.value') })),
        )
        .execute();
    },

    async deleteTag(workspace: string, model: string, key: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('registered_model_tags')
        .where('workspace', '=', workspace)
        .where('model', '=', model)
        .where('key', '=', key)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
};
