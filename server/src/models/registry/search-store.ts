/** Searches of models and versions. */
import { sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import { type EntityTable, type Sql, type SqlByName, searchSql } from '../../adapters/db/search-sql.ts';
import { promptTag } from './rules.ts';
import type { ParsedSearch } from './searchable.ts';
import { type FactRow, factColumns, type VersionRow } from './version-rows.ts';

export interface Search extends ParsedSearch {
  readonly workspace: string;
  readonly limit: number;
  readonly offset: number;
}

/** Each gives one row more than `limit` where there are more. */
export const searchStore = (db: Db) => {
  const models = searchSql(db, {
    attributes: modelColumns,
    tag: { table: sql`registered_model_tags`, isOwn: isOfModel },
  });
  const versions = searchSql(db, {
    attributes: versionColumns,
    tag: { table: sql`model_version_tags`, isOwn: isOfVersion },
  });

  async function listVersions<R>(columns: Sql, search: Search): Promise<R[]> {
    const { order, workspace, filter, limit, offset } = search;
    const newest = order.length === 0 ? [sql`version.updated_at desc`] : [];
    const ties = [...newest, sql`version.model`, sql`version.number desc`];
    const found = await sql<R>`select ${columns} from model_versions version ${versions.joins(order)}
      where version.workspace = ${workspace} and ${versions.where(filter)}
      order by ${versions.orderBy(order, ties)} limit ${limit + 1} offset ${offset}`.execute(db);
    return found.rows;
  }

  return {
    async listModelNames({ order, workspace, filter, limit, offset }: Search): Promise<string[]> {
      const found = await sql<{ name: string }>`
        select model.name from registered_models model ${models.joins(order)}
        where model.workspace = ${workspace} and ${models.where(filter)}
        order by ${models.orderBy(order, [sql`model.name`])} limit ${limit + 1} offset ${offset}`.execute(db);
      return found.rows.map((row) => row.name);
    },

    listVersionFacts: (search: Search): Promise<FactRow[]> =>
      listVersions(sql.join(factColumns.map((column) => sql.ref(`version.${column}`))), search),

    listVersionRows: (search: Search): Promise<VersionRow[]> => listVersions(sql`version.*`, search),
  };
};

const isOfModel: EntityTable['isOwn'] = (entry) =>
  sql`${entry('workspace')} = model.workspace and ${entry('model')} = model.name`;
const isOfVersion: EntityTable['isOwn'] = (entry) =>
  sql`${entry('workspace')} = version.workspace and ${entry('model')} = version.model
    and ${entry('number')} = version.number`;

const isPrompt = (workspace: Sql, model: Sql): Sql =>
  sql`(case when exists (select 1 from registered_model_tags prompt where prompt.workspace = ${workspace}
    and prompt.model = ${model} and prompt.key = ${promptTag} and lower(prompt.value) = 'true')
    then 'true' else 'false' end)`;

const modelColumns: SqlByName = {
  name: sql`model.name`,
  description: sql`model.description`,
  createdAt: sql`model.created_at`,
  updatedAt: sql`model.updated_at`,
  isPrompt: isPrompt(sql`model.workspace`, sql`model.name`),
};

const versionColumns: SqlByName = {
  model: sql`version.model`,
  number: sql`version.number`,
  runId: sql`version.run_id`,
  source: sql`version.source`,
  loggedModel: sql`version.model_id`,
  stage: sql`version.stage`,
  description: sql`version.description`,
  createdAt: sql`version.created_at`,
  updatedAt: sql`version.updated_at`,
  isPrompt: isPrompt(sql`version.workspace`, sql`version.model`),
};
