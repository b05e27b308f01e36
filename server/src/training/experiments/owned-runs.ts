import type { RunStatus } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { toUri } from '../../base/references.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { assertRunName, assertRunTags } from './limits.ts';
import { isEnd, nameTag } from './rules.ts';
import { newRunName } from './run-name.ts';
import { runStore } from './run-store.ts';

export interface OwnedRun {
  readonly id: string;
  /** Of an experiment that `ensureExperiment` gave. */
  readonly experimentId: string;
  readonly name?: string | undefined;
  readonly status: RunStatus;
  readonly tags?: readonly KeyValue[];
}

/** Runs of jobs and sweeps: opened and ended in the owner's transaction, whose audit row speaks for them. */
export function createOwnedRunVerbs({ clock, lineage }: ExperimentsDependencies) {
  return {
    async openRun(tx: Db, run: OwnedRun, { workspace, actor }: Caller): Promise<void> {
      const name = run.name || newRunName();
      const tags = [...(run.tags ?? []), { key: nameTag, value: name }];
      assertRunName(name);
      assertRunTags(tags);
      const { id, experimentId, status } = run;
      const store = runStore(tx);
      await store.insert({ id, workspace, experimentId, name, user: actor, actor, startedAt: clock.now() });
      await store.update(id, { status, name, endedAt: null });
      await store.saveTags(id, tags);
      const uri = toUri('run', id);
      await lineage.recordNode(tx, { workspace, uri, kind: 'run', digest: null, location: null });
    },

    /** Nothing happens when the run is gone. An end is dated now; going back to RUNNING takes the date away. */
    async setRunStatus(tx: Db, id: string, status: RunStatus, workspace: string): Promise<void> {
      const run = await runStore(tx).findState(workspace, id);
      if (!run) return;
      await runStore(tx).update(id, { status, name: run.name, endedAt: isEnd(status) ? clock.now() : null });
    },
  };
}
