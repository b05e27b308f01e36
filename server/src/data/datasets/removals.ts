import type { DatasetVersion } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { toUri } from '../../base/references.ts';
import type { Lookup } from './lookup.ts';
import { removalStore } from './removal-store.ts';
import { datasetStore } from './store.ts';

export interface RemovalDependencies {
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly lookup: Lookup;
  /** What else is kept by the name of a dataset goes with it. */
  readonly forget?: ((tx: Db, workspace: string, name: string) => Promise<void>) | undefined;
}

/** What nothing uses any more goes; its rows stay in blobs until they are collected, and its number is never given again. */
export function createRemovals({ changes, lineage, clock, lookup, forget }: RemovalDependencies) {
  return {
    async delete(input: { name: string }, caller: Caller): Promise<Record<string, never>> {
      const { workspace } = caller;
      const dataset = await lookup.get(input.name, workspace);
      const uri = toUri('dataset', input.name);
      await changes.run(caller, async (tx, note) => {
        await lineage.assertUnheld(tx, workspace, uri);
        const versions = Array.from({ length: dataset.latestVersion }, (_, i) =>
          toUri('dataset', input.name, i + 1),
        );
        for (const version of versions) await lineage.release(tx, workspace, version);
        await lineage.deleteNodes(tx, workspace, versions);
        await removalStore(tx).deleteDataset(workspace, input.name, clock.now());
        await forget?.(tx, workspace, input.name);
        note({ action: 'dataset.deleted', subject: uri, detail: { versions: dataset.latestVersion } });
      });
      return {};
    },

    /** @throws inUse naming who holds it or which tags point at it */
    async deleteVersion(input: { name: string; version: number }, caller: Caller): Promise<DatasetVersion> {
      const { workspace } = caller;
      const { name, version: number } = input;
      const version = await lookup.getVersion(name, String(number), workspace);
      await changes.run(caller, async (tx, note) => {
        // First, so that deletions and commits of one dataset come one by one.
        await removalStore(tx).touchDataset(workspace, name, clock.now());
        await lineage.assertUnheld(tx, workspace, version.uri);
        const newest = await datasetStore(tx).listVersions(workspace, name, undefined, 2);
        const { tags } = (await datasetStore(tx).findVersion(workspace, name, number)) ?? version;
        if (tags.length > 0) throw errors.inUse({ what: version.uri, users: `the tag ${tags.join(', ')}` });
        if (newest.length < 2) throw errors.datasetVersionLast({ reference: version.reference, name });
        await lineage.release(tx, workspace, version.uri);
        await lineage.deleteNodes(tx, workspace, [version.uri]);
        await removalStore(tx).deleteVersion(workspace, name, number);
        const { reference, digest, rows } = version;
        note({ action: 'dataset.versionDeleted', subject: version.uri, detail: { reference, digest, rows } });
      });
      return version;
    },
  };
}
