/** Searches of runs and experiments. */
import { sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import { type EntityTable, type Sql, type SqlByName, searchSql } from '../../adapters/db/search-sql.ts';
import type { Filter, Ordering } from '../../base/search/grammar.ts';
import type { ExperimentRow } from './experiment-store.ts';
import type { ViewType } from './rules.ts';
import { chooseStart, isInScope, runSearchColumns } from './run-search-store.ts';
import type { RunRow } from './run-store.ts';

export interface Search {
  readonly workspace: string;
  readonly view: ViewType;
  readonly filter: Filter;
  readonly order: readonly Ordering[];
  readonly limit: number;
  readonly offset: number;
}

export interface RunSearchQuery extends Search {
  readonly experimentIds: readonly number[];
}

export const searchStore = (db: Db) => {
  const experiments = searchSql(db, {
    attributes: experimentColumns,
    tag: { table: sql`experiment_tags`, isOwn: isOfExperiment },
  });

  const startSearch = async (search: RunSearchQuery) => {
    const { from, id, rest } = await chooseStart(db, search);
    const runs = searchSql(db, runSearchColumns(db, id));
    const where = sql`where ${isInScope(search)} and ${viewConditions[search.view]} and ${runs.where(rest)}`;
    return { runs, from, where };
  };

  return {
    /** One row more than `limit` where there are more. */
    async listRuns(search: RunSearchQuery): Promise<RunRow[]> {
      if (search.experimentIds.length === 0) return [];
      const { runs, from, where } = await startSearch(search);
      const ties = [sql`runs.started_at desc`, sql`runs.id`];
      const page = sql<RunRow>`select ${runRowColumns} from ${from} ${runs.joins(search.order)} ${where}
        order by ${runs.orderBy(search.order, ties)} limit ${search.limit + 1} offset ${search.offset}`;
      return (await page.execute(db)).rows;
    },

    async countRuns(search: RunSearchQuery): Promise<number> {
      if (search.experimentIds.length === 0) return 0;
      const { from, where } = await startSearch(search);
      const counted = sql<{ total: number }>`select count(*) as total from ${from} ${where}`;
      return (await counted.execute(db)).rows[0]?.total ?? 0;
    },

    async listExperimentRows(search: Search): Promise<ExperimentRow[]> {
      const ties = search.order.length > 0 ? [sql`id`] : [sql`created_at desc`, sql`id`];
      const found = await sql<ExperimentRow>`
        select id, name, created_at, updated_at, deleted_at, artifact_location from experiments
        where workspace = ${search.workspace}
          and ${viewConditions[search.view]} and ${experiments.where(search.filter)}
        order by ${experiments.orderBy(search.order, ties)} limit ${search.limit + 1} offset ${search.offset}`.execute(
        db,
      );
      return found.rows;
    },
  };
};

const runRowColumns = sql`runs.id, runs.workspace, runs.experiment_id, runs.name, runs.status, runs.user_name,
  runs.started_at, runs.ended_at, runs.deleted_at`;
const isOfExperiment: EntityTable['isOwn'] = (entry) =>
  sql`${entry('workspace')} = experiments.workspace and ${entry('experiment_id')} = experiments.id`;

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
