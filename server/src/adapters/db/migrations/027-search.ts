import { sql } from 'kysely';
import type { DatabaseKind } from '../db.ts';
import type { Migration, MigrationDb } from '../migrate.ts';

/** What searches of runs among many need: extremes beside the latest value, and ways to runs by what they hold. */
export const migration: Migration = {
  name: '027-search',
  async up(db, kind) {
    await addExtremes(db);
    await addIndexes(db, kind);
  },
};

async function addExtremes(db: MigrationDb): Promise<void> {
  await db.schema.alterTable('run_metrics').addColumn('minimum', 'double precision').execute();
  await db.schema.alterTable('run_metrics').addColumn('maximum', 'double precision').execute();
  await sql`update run_metrics set
    minimum = (select min(value) from metric_points where series_id = run_metrics.id and is_nan = 0),
    maximum = (select max(value) from metric_points where series_id = run_metrics.id and is_nan = 0)`.execute(
    db,
  );
}

/** Why so, and what it costs: docs/decisions/010. */
async function addIndexes(db: MigrationDb, kind: DatabaseKind): Promise<void> {
  // Values may be longer than PostgreSQL's indexes take.
  for (const table of ['run_parameters', 'run_tags'])
    await sql`create index ${sql.id(`${table}_by_value`)} on ${sql.table(table)}
      (key, substr(value, 1, 100), run_id)`.execute(db);
  // All of one metric close together, in the order of runs. PostgreSQL updates rows in place only without it.
  if (kind === 'sqlite')
    await sql`create index run_metrics_by_key on run_metrics
      (key, run_id, value, is_nan, minimum, maximum)`.execute(db);
}
