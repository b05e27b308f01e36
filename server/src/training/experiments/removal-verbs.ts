import type { Caller } from '../../base/caller.ts';
import { toUri } from '../../base/references.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { createFolderRemoval } from './folder-removal.ts';
import { type DeletedOwner, type DeletedThing, type OwnerKind, removalStore } from './removal-store.ts';

export interface Removal {
  readonly removed: readonly DeletedOwner[];
  /** Deleted long ago too, but something still uses them. */
  readonly kept: readonly (DeletedOwner & { readonly user: string })[];
}

/** Finds who still needs some of these: by their ids, each with one user. */
export type FindUsers = (
  tx: ExperimentsDependencies['db'],
  workspace: string,
  owners: readonly DeletedOwner[],
) => Promise<ReadonlyMap<string, string>>;

/** What was deleted, removed for good. Each step may be the last one before a crash; the next call goes on. */
export function createRemovalVerbs(deps: ExperimentsDependencies) {
  const { db, clock, changes, lineage, folder } = deps;
  const store = removalStore(db);
  const folders = createFolderRemoval(folder);

  return {
    listDeletedOwners: store.listDeleted,
    listDeletedExperiments: store.listDeletedExperiments,
    usedBlobs: store.usedBlobs,

    /** All or none of them are gone for everybody, with their audit rows; whoever uses one keeps it. */
    removeOwners: (
      kind: OwnerKind,
      owners: readonly DeletedOwner[],
      { before, findUsers }: { readonly before: number; readonly findUsers: FindUsers },
      caller: Caller,
    ): Promise<Removal> =>
      changes.run(caller, async (tx, record) => {
        const { workspace } = caller;
        const { removed, kept } = await judge(tx, owners, findUsers, workspace);
        const ids = removed.map(({ id }) => id);
        const range = { workspace, before, now: clock.now() };
        const taken = new Set(await removalStore(tx).take(kind, ids, range));
        const uris = [...taken].map((id) => toUri(kind, id));
        await lineage.deleteNodes(tx, workspace, uris);
        const gone = removed.filter(({ id }) => taken.has(id));
        const action = kind === 'run' ? 'run.removed' : 'loggedModel.removed';
        for (const { id, name } of gone) record({ action, subject: toUri(kind, id), detail: { name } });
        return { removed: gone, kept };
      }),

    /** What `removeOwners` would do. */
    judgeOwners: (
      owners: readonly DeletedOwner[],
      findUsers: FindUsers,
      workspace: string,
    ): Promise<Removal> => judge(db, owners, findUsers, workspace),

    /** Clears rows of what was removed until there are none or the time is up. False when some are left. */
    async clearRemoved(until: number): Promise<boolean> {
      for (let owner = await store.findTaken(); owner !== null; owner = await store.findTaken()) {
        await folders.removeOwner(owner);
        while (await store.clearSome(owner)) if (Date.now() > until) return false;
        if (Date.now() > until) return (await store.findTaken()) === null;
      }
      return true;
    },

    /** The folder in which are, or were, its files; null where they are blobs, or lie where this server removes nothing. */
    folderOf: folders.uriOf,

    /** False when it was restored or something is in it. */
    async removeExperiment(
      { id, name, location }: DeletedThing & { readonly location: string },
      before: number,
      caller: Caller,
    ): Promise<boolean> {
      const isGone = await changes.run(caller, async (tx, record) => {
        const isGone = await removalStore(tx).removeExperiment(caller.workspace, Number(id), before);
        if (isGone)
          record({ action: 'experiment.removed', subject: toUri('experiment', id), detail: { name } });
        return isGone;
      });
      if (isGone) await folders.removeExperiment(location);
      return isGone;
    },
  };
}

async function judge(
  db: ExperimentsDependencies['db'],
  owners: readonly DeletedOwner[],
  findUsers: FindUsers,
  workspace: string,
): Promise<Removal> {
  const users = await findUsers(db, workspace, owners);
  const kept = owners.flatMap((owner) => {
    const user = users.get(owner.id);
    return user === undefined ? [] : [{ ...owner, user }];
  });
  return { removed: owners.filter(({ id }) => !users.has(id)), kept };
}
