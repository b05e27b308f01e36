import type { Db } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import { toUri } from '../../base/references.ts';
import { loggedModelStore } from './logged-models/model-store.ts';
import { isLoggedModelId } from './logged-models/rules.ts';
import { assertActive } from './rules.ts';
import { runStore } from './run-store.ts';

/** Whose files they are: a run's or a logged model's. Their ids differ, so the id alone says which. */
export interface ArtifactOwner {
  readonly id: string;
  readonly uri: string;
  /** @throws runNotActive. A deleted model still takes files, so that deleting it ends nobody's training. */
  readonly assertWritable: () => void;
}

/** @throws runNotFound or loggedModelNotFound */
export const createOwnerLookup =
  (db: Db) =>
  async (id: string, workspace: string): Promise<ArtifactOwner> => {
    if (isLoggedModelId(id)) {
      const model = await loggedModelStore(db).findState(workspace, id);
      if (!model) throw errors.loggedModelNotFound({ model: id });
      return { id, uri: toUri('logged-model', id), assertWritable: () => {} };
    }
    const run = await runStore(db).findState(workspace, id);
    if (!run) throw errors.runNotFound({ run: id });
    return { id, uri: toUri('run', id), assertWritable: () => assertActive(run) };
  };
