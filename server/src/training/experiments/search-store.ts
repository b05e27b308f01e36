/** Turns parsed searches into SQL. Every value is a parameter; only words of this file become SQL text. */
import { type RawBuilder, sql } from 'kysely';
import { type Db, kindOf } from '../../adapters/db/db.ts';
import type { Comparison, Ordering } from '../../base/search/grammar.ts';
import { artifactRoot, type ViewType } from './rules.ts';
import type { RunRow } from './run-store.ts';

type Condition = RawBuilder<unknown>;
type Text = 'run_parameters' | 'run_tags' | 'experiment_tags';

export interface Search {
  readonly workspace: string;
  readonly view: ViewType;
  readonly filter: readonly Comparison[];
  readonly order: readonly Ordering[];
  readonly limit: number;
  readonly offset: number;
}

export const searchStore = (db: Db) => {
  const isLike = kindOf(db) === 'sqlite' ? likeOnSqlite : likeOnPostgres;

  const compareText = (column: Condition, comparison: Comparison): Condition => {
    switch (comparison.operator) {
      case 'LIKE':
      case 'ILIKE':
        return isLike(column, comparison.operator, comparison.text);
      case 'IN':
        return sql`${column} in (${sql.join(comparison.texts)})`;
      case 'NOT IN':
        return sql`${column} not in (${sql.join(comparison.texts)})`;
      default:
        return 'text' in comparison
          ? sql`${column} ${operators[comparison.operator]} ${comparison.text}`
          : never;
    }
  };

  /** A key that the owner lacks matches nothing, not even `!=`. */
  const compareKeyed = (table: Text, isOwn: Condition, comparison: Comparison): Condition => {
    const entry = sql`select 1 from ${sql.table(table)} entry where ${isOwn} and entry.key = ${comparison.key}`;
    if (comparison.operator === 'IS NULL') return sql`not exists (${entry})`;
    if (comparison.operator === 'IS NOT NULL') return sql`exists (${entry})`;
    return sql`exists (${entry} and ${compareText(sql.ref('entry.value'), comparison)})`;
  };

  const runCondition = (comparison: Comparison): Condition => {
    switch (comparison.entity) {
      case 'metric':
        return sql`exists (select 1 from run_metrics entry where entry.run_id = runs.id
          and entry.key = ${comparison.key} and ${compareMetric(comparison)})`;
      case 'parameter':
        return compareKeyed('run_parameters', sql`entry.run_id = runs.id`, comparison);
      case 'tag':
        return compareKeyed('run_tags', sql`entry.run_id = runs.id`, comparison);
      case 'dataset':
        return sql`exists (select 1 from run_inputs join input_datasets on input_datasets.id = run_inputs.dataset_id
          where run_inputs.run_id = runs.id and ${compareText(datasetColumns[comparison.key] ?? never, comparison)})`;
      default:
        return compareAttribute(runColumns, comparison);
    }
  };

  const experimentCondition = (comparison: Comparison): Condition => {
    if (comparison.entity === 'attribute') return compareAttribute(experimentColumns, comparison);
    const isOwn = sql`entry.workspace = experiments.workspace and entry.experiment_id = experiments.id`;
    return compareKeyed('experiment_tags', isOwn, comparison);
  };

  const compareAttribute = (columns: Columns, comparison: Comparison): Condition => {
    const column = columns[comparison.key] ?? never;
    return 'number' in comparison ? compareNumber(column, comparison) : compareText(column, comparison);
  };

  return {
    /** One row more than `limit` where there are more. */
    async listRuns(search: Search & { readonly experimentIds: readonly number[] }): Promise<RunRow[]> {
      if (search.experimentIds.length === 0) return [];
      const joins = search.order.map(toJoin);
      const order = [...search.order.flatMap(toRunOrder), sql`runs.started_at desc`, sql`runs.id`];
      const found = await sql<RunRow>`
        select runs.id, experiment_id, name, status, user_name, started_at, ended_at, deleted_at
        from runs ${sql.join(joins, sql` `)}
        where workspace = ${search.workspace} and experiment_id in (${sql.join(search.experimentIds)})
          and ${viewConditions[search.view]} ${and(search.filter.map(runCondition))}
        order by ${sql.join(order)} limit ${search.limit + 1} offset ${search.offset}`.execute(db);
      return found.rows;
    },

    async listExperimentRows(search: Search) {
      const own = search.order.flatMap((ordering) =>
        toOrder(experimentColumns[ordering.key] ?? never, ordering),
      );
      const order = own.length > 0 ? [...own, sql`id`] : [sql`created_at desc`, sql`id`];
      const found = await sql<ExperimentRow>`
        select id, name, created_at, updated_at, deleted_at from experiments
        where workspace = ${search.workspace}
          and ${viewConditions[search.view]} ${and(search.filter.map(experimentCondition))}
        order by ${sql.join(order)} limit ${search.limit + 1} offset ${search.offset}`.execute(db);
      return found.rows;
    },
  };
};

interface ExperimentRow {
  readonly id: number;
  readonly name: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly deleted_at: number | null;
}

type Columns = Readonly<Record<string, Condition>>;

const never = sql`null`;

const runColumns: Columns = {
  id: sql`runs.id`,
  name: sql`runs.name`,
  status: sql`runs.status`,
  user: sql`runs.user_name`,
  artifactUri: sql`(${sql.lit(artifactRoot)} || runs.experiment_id || '/' || runs.id || '/artifacts')`,
  startedAt: sql`runs.started_at`,
  endedAt: sql`runs.ended_at`,
};

const experimentColumns: Columns = {
  id: sql`experiments.id`,
  name: sql`experiments.name`,
  createdAt: sql`experiments.created_at`,
  updatedAt: sql`experiments.updated_at`,
};

const datasetColumns: Columns = {
  name: sql`input_datasets.name`,
  digest: sql`input_datasets.digest`,
  context: sql`run_inputs.context`,
};

const viewConditions: Readonly<Record<ViewType, Condition>> = {
  active: sql`deleted_at is null`,
  deleted: sql`deleted_at is not null`,
  all: sql`1 = 1`,
};

const operators = {
  '=': sql`=`,
  '!=': sql`!=`,
  '>': sql`>`,
  '>=': sql`>=`,
  '<': sql`<`,
  '<=': sql`<=`,
  'IS NULL': never,
  'IS NOT NULL': never,
} as const;

const and = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql`` : sql`and ${sql.join(conditions, sql` and `)}`;

/** The cast keeps PostgreSQL from reading `0.5` as the integer its column holds. */
function compareNumber(column: Condition, comparison: Comparison): Condition {
  if (!('number' in comparison)) return never;
  return sql`${column} ${operators[comparison.operator]} cast(${comparison.number} as double precision)`;
}

/** NaN is unequal to every number and neither above nor below one. */
function compareMetric(comparison: Comparison): Condition {
  const compared = compareNumber(sql`entry.value`, comparison);
  return comparison.operator === '!='
    ? sql`(entry.is_nan = 1 or ${compared})`
    : sql`(entry.is_nan = 0 and ${compared})`;
}

/** SQLite's LIKE knows no case; its GLOB does, with other wildcards. */
function likeOnSqlite(column: Condition, operator: 'LIKE' | 'ILIKE', pattern: string): Condition {
  if (operator === 'ILIKE') return sql`lower(${column}) like lower(${pattern})`;
  const glob = pattern.replace(/[[*?]/g, '[$&]').replaceAll('%', '*').replaceAll('_', '?');
  return sql`${column} glob ${glob}`;
}

/** Without an escape character, as on SQLite. */
function likeOnPostgres(column: Condition, operator: 'LIKE' | 'ILIKE', pattern: string): Condition {
  return operator === 'ILIKE'
    ? sql`lower(${column}) like lower(${pattern}) escape ''`
    : sql`${column} like ${pattern} escape ''`;
}

const joinedTables: Readonly<Record<string, string>> = {
  metric: 'run_metrics',
  parameter: 'run_parameters',
  tag: 'run_tags',
};

function toJoin({ entity, key }: Ordering, index: number): Condition {
  const table = joinedTables[entity];
  if (!table) return sql``;
  const alias = `order_${index}`;
  return sql`left join ${sql.table(table)} as ${sql.id(alias)}
    on ${sql.ref(`${alias}.run_id`)} = runs.id and ${sql.ref(`${alias}.key`)} = ${key}`;
}

function toRunOrder(ordering: Ordering, index: number): Condition[] {
  if (ordering.entity === 'attribute') return toOrder(runColumns[ordering.key] ?? never, ordering);
  const alias = `order_${index}`;
  const value = toOrder(sql.ref(`${alias}.value`), ordering);
  return ordering.entity === 'metric' ? [sql`coalesce(${sql.ref(`${alias}.is_nan`)}, 2)`, ...value] : value;
}

/** What is missing stands last in both directions. */
const toOrder = (column: Condition, { descending }: Ordering): Condition[] => [
  sql`case when ${column} is null then 1 else 0 end`,
  descending ? sql`${column} desc` : sql`${column}`,
];
