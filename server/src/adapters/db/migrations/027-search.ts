import { sql } from 'kysely';
import type { Migration, MigrationDb } from '../migrate.ts';

/** What searches of runs among many need: extremes beside the latest value, and ways to runs by what they hold. */
export const migration: Migration = {
  name: '027-search',
  async up(db) {
    await addExtremes(db);
    await addRanks(db);
    // Values may be longer than PostgreSQL's indexes take.
    for (const table of ['run_parameters', 'run_tags'])
      await sql`create index ${sql.id(`${table}_by_value`)} on ${sql.table(table)}
        (key, substr(value, 1, 100), run_id)`.execute(db);
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

/**
 * Runs in the order of a metric. An index on `value` would be written at every logged metric; in this one stand
 * only series that a search asked for while they were idle (see docs/decisions/010).
 */
async function addRanks(db: MigrationDb): Promise<void> {
  await db.schema
    .alterTable('run_metrics')
    .addColumn('ranked', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`create index run_metrics_ranked on run_metrics (key, is_nan, value, run_id) where ranked = 1`.execute(
    db,
  );
  await sql`create index run_metrics_unranked on run_metrics (key, run_id) where ranked = 0`.execute(db);
}
