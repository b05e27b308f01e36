import { posix } from 'node:path';
import type { Content, Download } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { type ArtifactOwner, createOwnerLookup } from './artifact-owner.ts';
import { parseArtifactFolder, parseArtifactPath } from './artifact-path.ts';
import type { ListedArtifact } from './artifact-place.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { toMediaType } from './media-types.ts';
import type { ArtifactFile } from './rules.ts';

/** Files of a run or a logged model. */
export function createArtifactVerbs(deps: ExperimentsDependencies) {
  const { blobs, changes } = deps;
  const getOwner = createOwnerLookup(deps);

  /** Where a file is about to be put. @throws runNotFound, loggedModelNotFound, runNotActive, artifactPathInvalid */
  async function getTarget(
    input: { readonly id: string; readonly path: string },
    workspace: string,
  ): Promise<{ owner: ArtifactOwner; path: string }> {
    const path = parseArtifactPath(input.path);
    const owner = await getOwner(input.id, workspace);
    owner.assertWritable();
    await owner.place.assertFree(path);
    return { owner, path };
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
      await owner.place.save(file);
      return file;
    },

    async getArtifact(input: { id: string; path: string }, caller: Caller): Promise<Download> {
      const path = parseArtifactPath(input.path);
      const owner = await getOwner(input.id, caller.workspace);
      const file = await owner.place.open(path);
      if (!file) throw errors.artifactNotFound({ run: owner.id, path });
      return { ...file, mediaType: toMediaType(path), fileName: posix.basename(path) };
    },

    /** What lies directly in the folder: files, and folders without their content. */
    async listArtifacts(
      input: { id: string; path?: string | undefined },
      caller: Caller,
    ): Promise<{ files: ListedArtifact[] }> {
      const folder = parseArtifactFolder(input.path ?? '');
      const owner = await getOwner(input.id, caller.workspace);
      return { files: await owner.place.list(folder) };
    },

    /** Every file below the folder, at any depth; '' is all of the owner's. */
    async artifactPaths(id: string, folder: string, workspace: string): Promise<string[]> {
      const { place } = await getOwner(id, workspace);
      return place.listPaths(parseArtifactFolder(folder));
    },

    /** The same files as blobs, which nothing changes afterwards. */
    async artifactFiles(id: string, folder: string, workspace: string): Promise<ArtifactFile[]> {
      const { place } = await getOwner(id, workspace);
      return place.keep(await place.listPaths(parseArtifactFolder(folder)));
    },

    async findArtifactFile(id: string, path: string, workspace: string): Promise<ArtifactFile | null> {
      const { place } = await getOwner(id, workspace);
      return (await place.keep([parseArtifactPath(path)]))[0] ?? null;
    },

    /** A short file as text; null when it is not there, or not that short. */
    async findArtifactText(
      id: string,
      path: string,
      workspace: string,
      mostBytes = 1_048_576,
    ): Promise<string | null> {
      const { place } = await getOwner(id, workspace);
      const file = await place.open(parseArtifactPath(path));
      if (!file) return null;
      const chunks: Uint8Array[] = [];
      for await (const chunk of file.content) {
        if (file.size > mostBytes) return null;
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    },

    /** A file, or a folder with all in it. The blobs stay until nothing names them. */
    async deleteArtifacts(id: string, path: string, caller: Caller): Promise<void> {
      const target = parseArtifactPath(path);
      const owner = await getOwner(id, caller.workspace);
      await changes.run(caller, async (tx, record) => {
        const count = await owner.place.delete(tx, target);
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
