import { posix } from 'node:path';
import type { Content, Download } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { createOwnerLookup } from './artifact-owner.ts';
import { parseArtifactFolder, parseArtifactPath } from './artifact-path.ts';
import { artifactStore } from './artifact-store.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { toMediaType } from './media-types.ts';
import type { ArtifactFile } from './rules.ts';

export interface ListedArtifact {
  /** Relative to its owner, also when a folder of it was listed. */
  readonly path: string;
  readonly directory: boolean;
  readonly size: number | null;
  readonly sha256: string | null;
}

/** Files of a run or a logged model: paths in the database, content in blobs under its own hash. */
export function createArtifactVerbs({ db, blobs, clock, changes }: ExperimentsDependencies) {
  const getOwner = createOwnerLookup(db);

  /** Where a file is about to be put. @throws runNotFound, loggedModelNotFound, runNotActive, artifactPathInvalid */
  async function getTarget(
    input: { readonly id: string; readonly path: string },
    workspace: string,
  ): Promise<{ owner: string; path: string }> {
    const path = parseArtifactPath(input.path);
    const owner = await getOwner(input.id, workspace);
    owner.assertWritable();
    const obstacle = await artifactStore(db).findObstacle(owner.id, path);
    if (obstacle !== null) {
      throw errors.artifactPathInvalid({
        path,
        reason: `there is '${obstacle}', and one name cannot be a file and a folder`,
      });
    }
    return { owner: owner.id, path };
  }

  return {
    getTarget,

    /** The content is streamed into the blobs first: a path never names what is not wholly there. */
    async putArtifact(
      input: { id: string; path: string; content: Content },
      caller: Caller,
    ): Promise<ArtifactFile> {
      const { owner, path } = await getTarget(input, caller.workspace);
      const { sha256, size } = await blobs.put(input.content);
      const file = { path, sha256, size };
      await artifactStore(db).save(owner, file, clock.now());
      return file;
    },

    async getArtifact(input: { id: string; path: string }, caller: Caller): Promise<Download> {
      const path = parseArtifactPath(input.path);
      const owner = await getOwner(input.id, caller.workspace);
      const file = await artifactStore(db).find(owner.id, path);
      if (!file) throw errors.artifactNotFound({ run: owner.id, path });
      return {
        content: await blobs.get(file.sha256),
        mediaType: toMediaType(path),
        fileName: posix.basename(path),
        size: file.size,
        etag: file.sha256,
        slice: (first, last) => blobs.get(file.sha256, { first, last }),
      };
    },

    /** What lies directly in the folder: files, and folders without their content. */
    async listArtifacts(
      input: { id: string; path?: string | undefined },
      caller: Caller,
    ): Promise<{ files: ListedArtifact[] }> {
      const folder = parseArtifactFolder(input.path ?? '');
      const owner = await getOwner(input.id, caller.workspace);
      return { files: toListing(folder, await artifactStore(db).listBelow(owner.id, folder)) };
    },

    /** Every file below the folder, at any depth; '' is all of the owner's. */
    async artifactFiles(id: string, folder: string, workspace: string): Promise<ArtifactFile[]> {
      const owner = await getOwner(id, workspace);
      return artifactStore(db).listBelow(owner.id, parseArtifactFolder(folder));
    },

    /** A file, or a folder with all in it. The blobs stay until nothing names them. */
    async deleteArtifacts(id: string, path: string, caller: Caller): Promise<void> {
      const target = parseArtifactPath(path);
      const owner = await getOwner(id, caller.workspace);
      await changes.run(caller, async (tx, record) => {
        const count = await artifactStore(tx).delete(owner.id, target);
        if (count === 0) throw errors.artifactNotFound({ run: owner.id, path: target });
        record({
          action: 'artifact.deleted',
          subject: owner.uri,
          detail: { path: target, count },
        });
      });
    },
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
