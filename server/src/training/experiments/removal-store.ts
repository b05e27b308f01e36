import { sql } from 'kysely';
import { type Db, kindOf } from '../../adapters/db/db.ts';
import { toLocation } from './artifact-location.ts';
import { listLocations, locationOf } from './logged-models/location-store.ts';

export interface DeletedThing {
  readonly id: string;
  readonly name: string;
  readonly deletedAt: number;
}

/** What has artifacts, and rows of its own in other tables. */
export type OwnerKind = 'run' | 'logged-model';

export interface DeletedOwner extends DeletedThing {
  readonly kind: OwnerKind;
  readonly experimentId: string;
  /** Its experiment's: where its files are. */
  readonly location: string;
}

/** Gone for everybody, but for rows that are still there, and files where its experiment had a folder. */
export interface TakenOwner {
  readonly id: string;
  readonly kind: OwnerKind;
  readonly location: string | null;
}

/** Points of one series cleared by one statement: fewer than anybody waits for. */
const pointsAtOnce = 20_000;
const tables = { run: 'runs', 'logged-model': 'logged_models' } as const;

/** What was deleted is removed for good in steps that may be broken off and begun again. */
export const removalStore = (db: Db) => ({
  async listDeleted(
    kind: OwnerKind,
    { workspace, before, after, limit }: { workspace: string; before: number; after: string; limit: number },
  ): Promise<DeletedOwner[]> {
    const rows = await db
      .selectFrom(tables[kind])
      .select([
        'id',
        'name',
        'experiment_id',
        'deleted_at as deletedAt',
        locationOf(tables[kind]).as('location'),
      ])
      .where('workspace', '=', workspace)
      .where('deleted_at', '<', before)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .$narrowType<{ deletedAt: number }>()
      .execute();
    return rows.map(({ experiment_id, ...rest }) => ({ ...rest, kind, experimentId: String(experiment_id) }));
  },

  /** With the number of runs and logged models that each still has. */
  async listDeletedExperiments(
    workspace: string,
    before: number,
  ): Promise<(DeletedThing & { owners: number; location: string })[]> {
    const countOf = (table: 'runs' | 'logged_models') =>
      sql<number>`(select count(*) from ${sql.table(table)} as owner
        where owner.workspace = experiments.workspace and owner.experiment_id = experiments.id)`;
    const rows = await db
      .selectFrom('experiments')
      .select(['id', 'name', 'deleted_at as deletedAt', 'artifact_location'])
      .select([countOf('runs').as('runs'), countOf('logged_models').as('models')])
      .where('workspace', '=', workspace)
      .where('id', '!=', 0)
      .where('deleted_at', '<', before)
      .orderBy('id')
      .limit(1_000)
      .$narrowType<{ deletedAt: number }>()
      .execute();
    return rows.map(({ id, name, deletedAt, runs, models, artifact_location }) => ({
      id: String(id),
      name,
      deletedAt,
      owners: Number(runs) + Number(models),
      location: toLocation(id, artifact_location),
    }));
  },

  /** From here on nobody finds them; their rows are cleared afterwards. Gives back those that were still deleted. */
  async take(
    kind: OwnerKind,
    ids: readonly string[],
    { workspace, before, now }: { workspace: string; before: number; now: number },
  ): Promise<string[]> {
    if (ids.length === 0) return [];
    const taken = await db
      .deleteFrom(tables[kind])
      .where('workspace', '=', workspace)
      .where('id', 'in', ids)
      .where('deleted_at', '<', before)
      .returning(['id', 'workspace', 'experiment_id'])
      .execute();
    if (taken.length === 0) return [];
    const locate = await listLocations(db, taken);
    await db
      .insertInto('artifact_owner_removals')
      .values(taken.map((row) => ({ id: row.id, kind, created_at: now, location: locate(row) })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return taken.map(({ id }) => id);
  },

  async findTaken(): Promise<TakenOwner | null> {
    const row = await db
      .selectFrom('artifact_owner_removals')
      .select(['id', 'kind', 'location'])
      .limit(1)
      .executeTakeFirst();
    return row ? { ...row, kind: row.kind === 'run' ? 'run' : 'logged-model' } : null;
  },

  /** Clears some of what is left of it. False when that was all. */
  async clearSome({ id, kind }: { id: string; kind: OwnerKind }): Promise<boolean> {
    const isMore = kind === 'run' ? await clearRunSeries(db, id) : await clearModelSeries(db, id);
    if (isMore) return true;
    if (kind === 'run') {
      for (const table of ['run_parameters', 'run_tags', 'run_inputs', 'run_models'] as const)
        await db.deleteFrom(table).where('run_id', '=', id).execute();
    } else {
      for (const table of ['logged_model_parameters', 'logged_model_tags', 'run_models'] as const)
        await db.deleteFrom(table).where('model_id', '=', id).execute();
    }
    await db.deleteFrom('run_artifacts').where('run_id', '=', id).execute();
    await db.deleteFrom('artifact_owner_removals').where('id', '=', id).execute();
    return false;
  },

  /** Its number is never given again; its name is free. False when it is restored or something is in it. */
  async removeExperiment(workspace: string, id: number, before: number): Promise<boolean> {
    const isEmpty = (table: 'runs' | 'logged_models') =>
      sql<boolean>`not exists (select 1 from ${sql.table(table)}
        where workspace = ${workspace} and experiment_id = cast(${id} as bigint))`;
    const { numDeletedRows } = await db
      .deleteFrom('experiments')
      .where('workspace', '=', workspace)
      .where('id', '=', id)
      .where('deleted_at', '<', before)
      .where(isEmpty('runs'))
      .where(isEmpty('logged_models'))
      .executeTakeFirst();
    if (numDeletedRows === 0n) return false;
    const greatest = sql.raw(kindOf(db) === 'sqlite' ? 'max' : 'greatest');
    await sql`insert into experiment_numbers (workspace, last_id) values (${workspace}, cast(${id} as bigint))
      on conflict (workspace) do update
      set last_id = ${greatest}(experiment_numbers.last_id, excluded.last_id)`.execute(db);
    for (const table of ['experiment_tags', 'input_datasets'] as const)
      await db.deleteFrom(table).where('workspace', '=', workspace).where('experiment_id', '=', id).execute();
    return true;
  },

  /** Those of the blobs that a file names, unless all that name it are doomed: deleted before, and not kept. */
  async usedBlobs(
    ids: readonly string[],
    doomed: { before: number; kept: ReadonlySet<string> } | null,
  ): Promise<Set<string>> {
    const ofFiles = db.selectFrom('run_artifacts').where('sha256', 'in', ids);
    if (doomed === null)
      return new Set((await ofFiles.select('sha256').distinct().execute()).map(({ sha256 }) => sha256));
    const rows = await ofFiles
      .leftJoin('runs', 'runs.id', 'run_artifacts.run_id')
      .leftJoin('logged_models', 'logged_models.id', 'run_artifacts.run_id')
      .select(['sha256', 'run_id', 'runs.deleted_at as run', 'logged_models.deleted_at as model'])
      .execute();
    const isDoomed = ({ run, model, run_id }: (typeof rows)[number]) => {
      const deletedAt = run ?? model;
      return deletedAt !== null && deletedAt < doomed.before && !doomed.kept.has(run_id);
    };
    return new Set(rows.filter((row) => !isDoomed(row)).map(({ sha256 }) => sha256));
  },
});

async function clearRunSeries(db: Db, run: string): Promise<boolean> {
  const series = await db
    .selectFrom('run_metrics')
    .select('id')
    .where('run_id', '=', run)
    .limit(1)
    .executeTakeFirst();
  if (!series) return false;
  await db.deleteFrom('metric_summaries').where('series_id', '=', series.id).execute();
  if (!(await clearPoints(db, 'metric_points', series.id)))
    await db.deleteFrom('run_metrics').where('id', '=', series.id).execute();
  return true;
}

async function clearModelSeries(db: Db, model: string): Promise<boolean> {
  const series = await db
    .selectFrom('logged_model_metrics')
    .select('id')
    .where('model_id', '=', model)
    .limit(1)
    .executeTakeFirst();
  if (!series) return false;
  if (!(await clearPoints(db, 'logged_model_points', series.id)))
    await db.deleteFrom('logged_model_metrics').where('id', '=', series.id).execute();
  return true;
}

/** The oldest points of a series. False when there were none. */
async function clearPoints(
  db: Db,
  table: 'metric_points' | 'logged_model_points',
  series: number,
): Promise<boolean> {
  const [first] = await db
    .selectFrom(table)
    .select('recorded_at')
    .where('series_id', '=', series)
    .orderBy('recorded_at')
    .offset(pointsAtOnce)
    .limit(1)
    .execute();
  let some = db.deleteFrom(table).where('series_id', '=', series);
  if (first) some = some.where('recorded_at', '<=', first.recorded_at);
  return (await some.executeTakeFirst()).numDeletedRows > 0n;
}
