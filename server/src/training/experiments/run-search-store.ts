/** Where a search of runs begins. On SQLite we choose; PostgreSQL knows its rows and chooses by itself. */
import { sql } from 'kysely';
import { type Db, kindOf } from '../../adapters/db/db.ts';
import {
  compareIndexed,
  type EntityTable,
  listWanted,
  type SearchColumns,
  type Sql,
  type SqlByName,
} from '../../adapters/db/search-sql.ts';
import type { Comparison, Filter } from '../../base/search/grammar.ts';
import { locationOf } from './logged-models/location-store.ts';

interface Scope {
  readonly workspace: string;
  readonly experimentIds: readonly number[];
}

interface Start {
  readonly from: Sql;
  readonly id: Sql;
  /** What is left to be asked of each run. */
  readonly rest: Filter;
}

/** Beyond this many runs, one way to them is as good as the other. */
const mostCounted = 100_000;
const mostWays = 5;

/** `id` is the run's, where the search first meets it: what is asked of its entries can be asked before its row is read. */
export function runSearchColumns(db: Db, id: Sql): SearchColumns {
  const isOwn: EntityTable['isOwn'] = (entry) => sql`${entry('run_id')} = ${id}`;
  const hint = kindOf(db) === 'sqlite' ? sql`indexed by run_metrics_by_key` : sql``;
  return {
    attributes: runColumns,
    metric: { table: sql`run_metrics`, isOwn, hint },
    parameter: { table: sql`run_parameters`, isOwn, isIndexed: true },
    tag: { table: sql`run_tags`, isOwn, isIndexed: true },
    dataset: { table: inputsOfRuns, isOwn },
  };
}

export const isInScope = ({ workspace, experimentIds }: Scope): Sql =>
  sql`runs.workspace = ${workspace} and runs.experiment_id in (${sql.join(experimentIds)})`;

/**
 * Begins with the parameter or tag that the fewest runs have, when fewer have it than lie in the experiments:
 * asking each of 100,000 runs for it takes longer than counting.
 */
export async function chooseStart(
  db: Db,
  { filter, ...scope }: Scope & { readonly filter: Filter },
): Promise<Start> {
  const everywhere: Start = { from: sql`runs`, id: sql`runs.id`, rest: filter };
  if (kindOf(db) === 'postgres') return everywhere;
  const conjuncts = 'all' in filter ? filter.all : [filter];
  const ways = conjuncts.filter(isWay).slice(0, mostWays);
  if (ways.length === 0) return everywhere;
  let fewest = mostCounted;
  let best: Comparison | undefined;
  for (const way of ways) {
    const found = await count(db, sql`select 1 from ${entriesOf(way)}`, fewest);
    if (found < fewest) [fewest, best] = [found, way];
  }
  if (!best) return everywhere;
  const inScope = await count(db, sql`select 1 from runs where ${isInScope(scope)}`, fewest);
  if (inScope < fewest) return everywhere;
  // SQLite keeps the order of a cross join.
  return {
    from: sql`(select run_id from ${entriesOf(best)}) as start cross join runs on runs.id = start.run_id`,
    id: sql`start.run_id`,
    rest: { all: conjuncts.filter((one) => one !== best) },
  };
}

/** A comparison that an index answers, and that fits a run at most once. */
const isWay = (filter: Filter): filter is Comparison =>
  'operator' in filter &&
  (filter.entity === 'parameter' || filter.entity === 'tag') &&
  listWanted(filter) !== undefined;

function entriesOf(way: Comparison): Sql {
  const table = sql.table(way.entity === 'tag' ? 'run_tags' : 'run_parameters');
  return sql`${table} as entry where entry.key = ${way.key} and ${compareIndexed('sqlite', way)}`;
}

async function count(db: Db, rows: Sql, most: number): Promise<number> {
  const counted = sql<{ total: number }>`select count(*) as total from (${rows} limit ${most})`;
  return (await counted.execute(db)).rows[0]?.total ?? 0;
}

const inputsOfRuns = sql`(select run_id, name, digest, context
  from run_inputs join input_datasets on input_datasets.id = run_inputs.dataset_id)`;

const runColumns: SqlByName = {
  id: sql`runs.id`,
  name: sql`runs.name`,
  status: sql`runs.status`,
  user: sql`runs.user_name`,
  artifactUri: sql`(${locationOf('runs')} || '/' || runs.id || '/artifacts')`,
  startedAt: sql`runs.started_at`,
  endedAt: sql`runs.ended_at`,
};
