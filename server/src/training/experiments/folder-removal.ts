import { posix } from 'node:path';
import type { ArtifactFolder } from '../../adapters/artifact-folder/artifact-folder.ts';
import { TidemillError } from '../../base/errors.ts';
import { isFolder, modelFolder, runFolder, toPathIn } from './artifact-location.ts';
import type { OwnerKind, TakenOwner } from './removal-store.ts';

interface Owner {
  readonly id: string;
  readonly kind: OwnerKind | 'experiment';
  readonly location: string;
}

/** Folders of what is removed for good. What lies below a root that this server had once stays. */
export function createFolderRemoval(folder: ArtifactFolder | null) {
  const pathOf = (location: string): string | null =>
    isFolder(location) ? toPathIn(folder?.uri ?? null, location) : null;

  return {
    uriOf({ id, kind, location }: Owner): string | null {
      if (pathOf(location) === null) return null;
      return kind === 'experiment' ? location : `${location}/${ownFolder(kind, id)}`;
    },

    /** Said again, nothing happens. */
    async removeOwner({ id, kind, location }: TakenOwner): Promise<void> {
      const path = location === null ? null : pathOf(location);
      if (folder === null || path === null) return;
      await folder.remove(posix.join(path, ownFolder(kind, id))).catch(leave);
    },

    /** Its own runs and models are gone; what others laid there is theirs. */
    async removeExperiment(location: string): Promise<void> {
      const path = pathOf(location);
      if (folder === null || !path) return;
      await folder.removeEmpty(posix.join(path, 'models')).catch(leave);
      await folder.removeEmpty(path).catch(leave);
    },
  };
}

/** A link in its place, or what the server may not remove, stays: one of them must not keep all others from going. */
function leave(error: unknown): void {
  if (!(error instanceof TidemillError) || error.code !== 'artifactPathInvalid') throw error;
}

/** With the folder `artifacts` in it. */
const ownFolder = (kind: OwnerKind, id: string): string =>
  posix.dirname(kind === 'run' ? runFolder(id) : modelFolder(id));
