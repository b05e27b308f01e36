/** Artifacts in a folder that clients write into by themselves. */
import { posix } from 'node:path';
import type { ArtifactFolder } from '../../adapters/artifact-folder/artifact-folder.ts';
import { errors } from '../../base/errors.ts';
import { isArtifactPath, parseArtifactPath } from './artifact-path.ts';
import type { ArtifactPlace } from './artifact-place.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import type { ArtifactFile } from './rules.ts';

/** More than any model has: a walk ends. */
const mostFiles = 10_000;

export function folderPlace(
  { folder, blobs }: { readonly folder: ArtifactFolder; readonly blobs: ExperimentsDependencies['blobs'] },
  root: string,
): ArtifactPlace {
  const inFolder = (path: string): string => posix.join(root, path);
  const openPart = async (path: string, part?: { first: number; last: number }) => {
    const file = await folder.open(inFolder(path), part);
    if (!file) throw errors.artifactNotFound({ run: root, path });
    return file.content;
  };

  async function keepOne(path: string): Promise<ArtifactFile[]> {
    const file = await folder.open(inFolder(path));
    return file ? [{ path, ...(await blobs.put(file.content)) }] : [];
  }

  return {
    async open(path) {
      const file = await folder.open(inFolder(path));
      return file && { ...file, slice: (first, last) => openPart(path, { first, last }) };
    },

    /** Names that no door takes are left out. */
    async list(below) {
      const entries = await folder.list(inFolder(below));
      const listed = entries.map(({ name, ...rest }) => ({
        path: posix.join(below, name),
        ...rest,
        sha256: null,
      }));
      return listed.filter(({ path }) => isArtifactPath(path));
    },

    async listPaths(below) {
      const paths: string[] = [];
      for await (const path of folder.walk(inFolder(below))) {
        paths.push(parseArtifactPath(posix.join(below, path)));
        if (paths.length <= mostFiles) continue;
        throw errors.artifactPathInvalid({ path: below, reason: `it holds more than ${mostFiles} files` });
      }
      return paths;
    },

    async keep(paths) {
      const kept: ArtifactFile[] = [];
      for (const path of paths) kept.push(...(await keepOne(path)));
      return kept;
    },

    async assertFree() {},
    save: async ({ path, sha256 }) => folder.write(inFolder(path), await blobs.get(sha256)),
    delete: (_tx, path) => folder.remove(inFolder(path)),
  };
}
