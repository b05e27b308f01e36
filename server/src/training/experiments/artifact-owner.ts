import { errors } from '../../base/errors.ts';
import { toUri } from '../../base/references.ts';
import { modelFolder, runFolder } from './artifact-location.ts';
import type { ArtifactPlace } from './artifact-place.ts';
import { createPlaces } from './artifact-places.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { loggedModelStore } from './logged-models/model-store.ts';
import { isLoggedModelId } from './logged-models/rules.ts';
import { assertActive } from './rules.ts';
import { runStore } from './run-store.ts';

/** Whose files they are: a run's or a logged model's. Their ids differ, so the id alone says which. */
export interface ArtifactOwner {
  readonly id: string;
  readonly uri: string;
  readonly place: ArtifactPlace;
  /** @throws runNotActive. A deleted model still takes files, so that deleting it ends nobody's training. */
  readonly assertWritable: () => void;
}

export type OwnerLookup = (id: string, workspace: string) => Promise<ArtifactOwner>;

/** @throws runNotFound, loggedModelNotFound or artifactPlaceClosed */
export function createOwnerLookup(
  deps: Pick<ExperimentsDependencies, 'db' | 'blobs' | 'clock' | 'folder'>,
): OwnerLookup {
  const { db } = deps;
  const placeOf = createPlaces(deps);
  return async (id, workspace) => {
    if (isLoggedModelId(id)) {
      const model = await loggedModelStore(db).findLocated(workspace, id);
      if (!model) throw errors.loggedModelNotFound({ model: id });
      const place = placeOf(id, model.artifactLocation, modelFolder(id));
      return { id, uri: toUri('logged-model', id), place, assertWritable: () => {} };
    }
    const run = await runStore(db).findLocated(workspace, id);
    if (!run) throw errors.runNotFound({ run: id });
    const place = placeOf(id, run.artifactLocation, runFolder(id));
    return { id, uri: toUri('run', id), place, assertWritable: () => assertActive(run) };
  };
}
