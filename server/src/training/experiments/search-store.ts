/** Searches of runs and experiments. */
import { sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import { type EntityTable, type Sql, type SqlByName, searchSql } from '../../adapters/db/search-sql.ts';
import type { Filter, Ordering } from '../../base/search/grammar.ts';
import { artifactRoot, type ViewType } from './rules.ts';
import type { RunRow } from './run-store.ts';

export interface Search {
  readonly workspace: string;
  readonly view: ViewType;
  readonly filter: Filter;
  readonly order: readonly Ordering[];
  readonly limit: number;
  readonly offset: number;
}

export const searchStore = (db: Db) => {
  const runs = searchSql(db, {
    attributes: runColumns,
    metric: { table: sql`run_metrics`, isOwn: isOfRun },
    parameter: { table: sql`run_parameters`, isOwn: isOfRun },
    tag: { table: sql`run_tags`, isOwn: isOfRun },
    dataset: { table: inputsOfRuns, isOwn: isOfRun },
  });
  const experiments = searchSql(db, {
    attributes: experimentColumns,
    tag: { table: sql`experiment_tags`, isOwn: isOfExperiment },
  });

  return {
    /** One row more than `limit` where there are more. */
    async listRuns(search: Search & { readonly experimentIds: readonly number[] }): Promise<RunRow[]> {
      if (search.experimentIds.length === 0) return [];
      const ties = [sql`runs.started_at desc`, sql`runs.id`];
      const found = await sql<RunRow>`
        select runs.id, experiment_id, name, status, user_name, started_at, ended_at, deleted_at
        from runs ${runs.joins(search.order)}
        where workspace = ${search.workspace} and experiment_id in (${sql.join(search.experimentIds)})
          and ${viewConditions[search.view]} and ${runs.where(search.filter)}
        order by ${runs.orderBy(search.order, ties)} limit ${search.limit + 1} offset ${search.offset}`.execute(
        db,
      );
      return found.rows;
    },

    async listExperimentRows(search: Search): Promise<ExperimentRow[]> {
      const ties = search.order.length > 0 ? [sql`id`] : [sql`created_at desc`, sql`id`];
      const found = await sql<ExperimentRow>`
        select id, name, created_at, updated_at, deleted_at from experiments
        where workspace = ${search.workspace}
          and ${viewConditions[search.view]} and ${experiments.where(search.filter)}
        order by ${experiments.orderBy(search.order, ties)} limit ${search.limit + 1} offset ${search.offset}`.execute(
        db,
      );
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

const isOfRun: EntityTable['isOwn'] = (entry) => sql`${entry('run_id')} = runs.id`;
const isOfExperiment: EntityTable['isOwn'] = (entry) =>
  sql`${entry('workspace')} = experiments.workspace and ${entry('experiment_id')} = experiments.id`;

const inputsOfRuns = sql`(select run_id, name, digest, context
  from run_inputs join input_datasets on input_datasets.id = run_inputs.dataset_id)`;

const runColumns: SqlByName = {
  id: sql`runs.id`,
  name: sql`runs.name`,
  status: sql`runs.status`,
  user: sql`runs.user_name`,
  artifactUri: sql`(${sql.lit(artifactRoot)} || runs.experiment_id || '/' || runs.id || '/artifacts')`,
  startedAt: sql`runs.started_at`,
  endedAt: sql`runs.ended_at`,
};

const experimentColumns: SqlByName = {
  id: sql`experiments.id`,
  name: sql`experiments.name`,
  createdAt: sql`experiments.created_at`,
  updatedAt: sql`experiments.updated_at`,
};

const viewConditions: Readonly<Record<ViewType, Sql>> = {
  active: sql`deleted_at is null`,
  deleted: sql`deleted_at is not null`,
  all: sql`1 = 1`,
};
