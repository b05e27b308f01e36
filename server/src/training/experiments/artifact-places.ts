import { errors } from '../../base/errors.ts';
import { isFolder, toPathIn } from './artifact-location.ts';
import type { ArtifactPlace } from './artifact-place.ts';
import { blobPlace } from './blob-place.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { folderPlace } from './folder-place.ts';

/** Which kind of place it is, by the location alone. `below`: where in the experiment's location the owner's files are. @throws artifactPlaceClosed */
export const createPlaces =
  (deps: Pick<ExperimentsDependencies, 'db' | 'blobs' | 'clock' | 'folder'>) =>
  (id: string, location: string, below: string): ArtifactPlace => {
    if (!isFolder(location)) return blobPlace(deps, id);
    const { folder, blobs } = deps;
    const path = toPathIn(folder?.uri ?? null, location);
    if (folder === null || path === null) throw errors.artifactPlaceClosed({ location });
    return folderPlace({ folder, blobs }, path === '' ? below : `${path}/${below}`);
  };
