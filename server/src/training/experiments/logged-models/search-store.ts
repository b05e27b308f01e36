import { sql } from 'kysely';
import type { Db } from '../../../adapters/db/db.ts';
import { type EntityTable, type Sql, searchSql } from '../../../adapters/db/search-sql.ts';
import { type Filter, listComparisons, type Ordering } from '../../../base/search/grammar.ts';
import type { LoggedModelRow } from './model-store.ts';
import type { ModelDataset } from './rules.ts';

export interface LoggedModelSearch {
  readonly workspace: string;
  readonly experimentIds: readonly number[];
  readonly filter: Filter;
  /** Only what was measured on one of these counts; without a metric in the filter, models measured on one of them. */
  readonly datasets: readonly ModelDataset[];
  readonly order: readonly Ordering[];
  readonly limit: number;
  readonly offset: number;
}

export const loggedModelSearchStore = (db: Db) => ({
  /** One row more than `limit` where there are more. */
  async list(search: LoggedModelSearch): Promise<LoggedModelRow[]> {
    const { datasets, order, limit, offset } = search;
    if (search.experimentIds.length === 0) return [];
    const models = searchSql(db, {
      attributes,
      metric: { table: sql`logged_model_metrics`, isOwn: isMetricOf(datasets) },
      parameter: { table: sql`logged_model_parameters`, isOwn },
      tag: { table: sql`logged_model_tags`, isOwn },
    });
    const asksMetric = listComparisons(search.filter).some(({ entity }) => entity === 'metric');
    const measured = datasets.length > 0 && !asksMetric ? isMeasuredOn(datasets) : sql`1 = 1`;
    const ties = [sql`model.created_at desc`, sql`model.id`];
    const found = await sql<LoggedModelRow>`
      select model.id, model.workspace, model.experiment_id, model.name, model.model_type, model.source_run_id, model.status,
        model.created_at, model.updated_at, model.deleted_at
      from logged_models model ${models.joins(order)}
      where model.workspace = ${search.workspace} and model.deleted_at is null
        and model.experiment_id in (${sql.join(search.experimentIds)})
        and ${models.where(search.filter)} and ${measured}
      order by ${models.orderBy(order, ties)} limit ${limit + 1} offset ${offset}`.execute(db);
    return found.rows;
  },
});

const attributes = {
  id: sql`model.id`,
  name: sql`model.name`,
  modelType: sql`model.model_type`,
  status: sql`model.status`,
  sourceRunId: sql`model.source_run_id`,
  experimentId: sql`model.experiment_id`,
  createdAt: sql`model.created_at`,
  updatedAt: sql`model.updated_at`,
};

const isOwn: EntityTable['isOwn'] = (entry) => sql`${entry('model_id')} = model.id`;

/** A filter looks at every series of the key, an order at the one measured last. */
const isMetricOf =
  (datasets: readonly ModelDataset[]): EntityTable['isOwn'] =>
  (entry, asked) => {
    if ('operator' in asked) return sql`${isOwn(entry, asked)} and ${isOnAny(entry, datasets)}`;
    const column = (name: string) => sql.ref(`latest.${name}`);
    return sql`${entry('id')} = (select latest.id from logged_model_metrics latest
      where latest.model_id = model.id and latest.key = ${asked.key} and ${isOnAny(column, asked.dataset ? [asked.dataset] : [])}
      order by latest.recorded_at desc, latest.step desc, latest.run_id, latest.id limit 1)`;
  };

const isMeasuredOn = (datasets: readonly ModelDataset[]): Sql =>
  sql`exists (select 1 from logged_model_metrics entry where entry.model_id = model.id
    and ${isOnAny((column) => sql.ref(`entry.${column}`), datasets)})`;

function isOnAny(entry: (column: string) => Sql, datasets: readonly ModelDataset[]): Sql {
  if (datasets.length === 0) return sql`1 = 1`;
  const any = datasets.map(({ name, digest }) =>
    digest === null
      ? sql`${entry('dataset_name')} = ${name}`
      : sql`(${entry('dataset_name')} = ${name} and ${entry('dataset_digest')} = ${digest})`,
  );
  return sql`(${sql.join(any, sql` or `)})`;
}
