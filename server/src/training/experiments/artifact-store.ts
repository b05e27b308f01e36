import type { Db } from '../../adapters/db/db.ts';
import { inPortions } from './portions.ts';
import type { ArtifactFile } from './rules.ts';

const columns = ['path', 'sha256', 'size'] as const;

export const artifactStore = (db: Db) => {
  const ofRun = (runId: string) => db.selectFrom('run_artifacts').select(columns).where('run_id', '=', runId);

  return {
    async find(runId: string, path: string): Promise<ArtifactFile | null> {
      return (await ofRun(runId).where('path', '=', path).executeTakeFirst()) ?? null;
    },

    /** Every file below the folder ('' is the run's own), at any depth, in order of paths. */
    listBelow(runId: string, folder: string): Promise<ArtifactFile[]> {
      const query = ofRun(runId).orderBy('path');
      if (folder === '') return query.execute();
      return query.where('path', '>=', `${folder}/`).where('path', '<', afterSlash(folder)).execute();
    },

    /** Those of the paths that are there. */
    listPaths(runId: string, paths: readonly string[]): Promise<ArtifactFile[]> {
      return inPortions([...paths].sort(), (portion) =>
        ofRun(runId).where('path', 'in', portion).orderBy('path').execute(),
      );
    },

    /** Files of these names in any folder of these runs or logged models, in the order of the names. */
    async listNamed(
      owners: readonly string[],
      names: readonly string[],
      limit: number,
    ): Promise<ArtifactFile[]> {
      const files = await db
        .selectFrom('run_artifacts')
        .select(columns)
        .where('run_id', 'in', owners)
        .where((eb) =>
          eb.or([eb('path', 'in', names), ...names.map((name) => eb('path', 'like', `%/${name}`))]),
        )
        .orderBy('run_id')
        .orderBy('path')
        .limit(limit)
        .execute();
      const placeOf = (path: string) => names.findIndex((name) => path.endsWith(name));
      return files.toSorted((a, b) => placeOf(a.path) - placeOf(b.path));
    },

    /** A path in whose place the file cannot stand: one of its folders is a file, or it is itself a folder. */
    async findObstacle(runId: string, path: string): Promise<string | null> {
      const parts = path.split('/');
      const folders = parts.slice(1).map((_part, index) => parts.slice(0, index + 1).join('/'));
      const row = await db
        .selectFrom('run_artifacts')
        .select('path')
        .where('run_id', '=', runId)
        .where((eb) =>
          eb.or([
            ...(folders.length > 0 ? [eb('path', 'in', folders)] : []),
            eb.and([eb('path', '>=', `${path}/`), eb('path', '<', afterSlash(path))]),
          ]),
        )
        .limit(1)
        .executeTakeFirst();
      return row?.path ?? null;
    },

    async save(runId: string, file: ArtifactFile, now: number): Promise<void> {
      await db
        .insertInto('run_artifacts')
        .values({ run_id: runId, ...file, created_at: now })
        .onConflict((conflict) =>
          conflict.columns(['run_id', 'path']).doUpdateSet((eb) => ({
            sha256: eb.ref('excluded.sha256'),
            size: eb.ref('excluded.size'),
            created_at: eb.ref('excluded.created_at'),
          })),
        )
        .execute();
    },

    /** The file of that path, or all files of that folder. Gives back how many went. */
    async delete(runId: string, path: string): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('run_artifacts')
        .where('run_id', '=', runId)
        .where((eb) =>
          eb.or([
            eb('path', '=', path),
            eb.and([eb('path', '>=', `${path}/`), eb('path', '<', afterSlash(path))]),
          ]),
        )
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
};

/** Paths sort by their bytes on both databases, and '0' is the byte after '/'. */
const afterSlash = (folder: string): string => `${folder}0`;
