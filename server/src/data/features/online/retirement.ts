import type { Db } from '../../../adapters/db/db.ts';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { formatReference } from '../../../base/references.ts';
import type { Tasks } from '../../../platform/tasks/service.ts';
import { endlessAttempts } from '../../../platform/tasks/told-end.ts';
import { materializationStore } from './materialization-store.ts';
import { onlineName } from './values.ts';

export interface RetirementDependencies {
  readonly clock: Clock;
  readonly online: Pick<OnlineStore, 'drop'>;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'cancel'>;
}

const taskKind = 'feature-retirement';
/** By then whoever filled or pushed to a view that was deleted meanwhile has heard of it. */
const secondLookMs = 60_000;

/** Of versions of views that are deleted nothing is written any more, and what is online goes, however long it takes. */
export function createRetirement({ clock, online, tasks }: RetirementDependencies) {
  tasks.register<{ views: readonly string[] }>(
    taskKind,
    { concurrency: 1, whilePaused: true },
    async ({ payload, progress, saveProgress }) => {
      for (const view of payload.views) await online.drop(view);
      if (progress.isSecond) return { done: {} };
      await saveProgress({ isSecond: true });
      return { waitUntil: clock.now() + secondLookMs };
    },
  );

  /** In the transaction that deletes them. */
  return async (tx: Db, name: string, numbers: readonly number[], caller: Caller): Promise<void> => {
    const { workspace, actor } = caller;
    const store = materializationStore(tx);
    for (const id of await store.listOpen(workspace, name, numbers)) {
      await tasks.cancel(tx, id);
      await store.end(id, { state: 'cancelled', error: 'the view was deleted', now: clock.now() });
    }
    const views = numbers.map((number) =>
      onlineName({ workspace, reference: formatReference(name, number) }),
    );
    await tasks.enqueue(tx, {
      ...{ kind: taskKind, workspace, actor, subject: `view:${name}`, payload: { views } },
      maximumAttempts: endlessAttempts,
    });
  };
}

export type Retire = ReturnType<typeof createRetirement>;
