/** Also of runs, whose stores look down into this folder. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../../../adapters/db/db.ts';
import { ownRoot, toLocation } from '../artifact-location.ts';
import { inPortions } from '../portions.ts';

export interface OfExperiment {
  readonly workspace: string;
  readonly experiment_id: number;
}

/** The location of the experiment that a row of `table` is in. */
export const locationOf = (table: 'runs' | 'logged_models'): RawBuilder<string> =>
  sql`coalesce((select artifact_location from experiments as place
    where place.workspace = ${sql.ref(`${table}.workspace`)} and place.id = ${sql.ref(`${table}.experiment_id`)}),
    ${sql.lit(ownRoot)} || ${sql.ref(`${table}.experiment_id`)})`;

/** Of rows that were found together: one query for all. */
export async function listLocations(
  db: Db,
  rows: readonly OfExperiment[],
): Promise<(row: OfExperiment) => string> {
  const workspaces = [...new Set(rows.map(({ workspace }) => workspace))];
  const numbers = [...new Set(rows.map((row) => row.experiment_id))];
  const found = await inPortions(numbers, (portion) =>
    db
      .selectFrom('experiments')
      .select(['workspace', 'id', 'artifact_location'])
      .where('workspace', 'in', workspaces)
      .where('id', 'in', portion)
      .where('artifact_location', 'is not', null)
      .execute(),
  );
  const stored = new Map(found.map((row) => [`${row.workspace}/${row.id}`, row.artifact_location]));
  return ({ workspace, experiment_id }) =>
    toLocation(experiment_id, stored.get(`${workspace}/${experiment_id}`) ?? null);
}
