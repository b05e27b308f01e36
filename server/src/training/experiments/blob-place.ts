/** Artifacts in this server's own blobs: paths in the database, content under its own hash. */
import { errors } from '../../base/errors.ts';
import type { ArtifactPlace, ListedArtifact } from './artifact-place.ts';
import { artifactStore } from './artifact-store.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import type { ArtifactFile } from './rules.ts';

export function blobPlace(
  { db, blobs, clock }: Pick<ExperimentsDependencies, 'db' | 'blobs' | 'clock'>,
  owner: string,
): ArtifactPlace {
  const store = artifactStore(db);
  return {
    async open(path) {
      const file = await store.find(owner, path);
      if (!file) return null;
      return {
        size: file.size,
        etag: file.sha256,
        content: await blobs.get(file.sha256),
        slice: (first, last) => blobs.get(file.sha256, { first, last }),
      };
    },
    list: async (folder) => toListing(folder, await store.listBelow(owner, folder)),
    listPaths: async (folder) => (await store.listBelow(owner, folder)).map(({ path }) => path),
    keep: (paths) => store.listPaths(owner, paths),
    async assertFree(path) {
      const obstacle = await store.findObstacle(owner, path);
      if (obstacle === null) return;
      const reason = `there is '${obstacle}', and one name cannot be a file and a folder`;
      throw errors.artifactPathInvalid({ path, reason });
    },
    save: (file) => store.save(owner, file, clock.now()),
    delete: (tx, path) => artifactStore(tx).delete(owner, path),
  };
}

function toListing(folder: string, files: readonly ArtifactFile[]): ListedArtifact[] {
  const start = folder === '' ? 0 : folder.length + 1;
  const listed = new Map<string, ListedArtifact>();
  for (const file of files) {
    const slash = file.path.indexOf('/', start);
    const path = slash === -1 ? file.path : file.path.slice(0, slash);
    const directory = slash !== -1;
    if (listed.has(path)) continue;
    listed.set(path, {
      path,
      directory,
      size: directory ? null : file.size,
      sha256: directory ? null : file.sha256,
    });
  }
  return [...listed.values()];
}
