import { type Db, transact } from '../../adapters/db/db.ts';
import { systemCaller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import type { Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts } from '../../platform/tasks/told-end.ts';
import type { Pulls } from './pulls.ts';
import { type StoredSource, sourceUri } from './rules.ts';
import { nextTime } from './schedule.ts';
import { sourceStore } from './store.ts';

export interface ScheduledPullsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'wake'>;
  readonly pulls: Pick<Pulls, 'begin'>;
}

const taskKind = 'source-schedule';
/** Until a change of the schedule wakes it. */
const untilWoken = 8_640_000_000_000_000;

/** One task per source that ever had a schedule. What was missed while no server ran is made up for once, at its start. */
export function createScheduledPulls({ db, clock, tasks, pulls }: ScheduledPullsDependencies) {
  tasks.register<{ source: string }>(taskKind, { concurrency: 1 }, async ({ payload }) => {
    const source = await sourceStore(db).findById(payload.source);
    if (!source) return { done: {} };
    if (!source.schedule || source.nextPullAt === null) return { waitUntil: untilWoken };
    if (source.nextPullAt > clock.now()) return { waitUntil: source.nextPullAt };
    return { waitUntil: await begin(source.id) };
  });

  /** The pull and the time of the next one in one transaction: a crash makes neither two pulls nor none. */
  function begin(id: string): Promise<number> {
    return transact(db, async (tx) => {
      const source = await sourceStore(tx).findById(id);
      if (!source?.schedule) return untilWoken;
      const next = nextTime(source.schedule, clock.now());
      await sourceStore(tx).saveNextPull(id, next);
      const request = { trigger: 'schedule' as const, isFull: false, accepted: null };
      // One that takes longer than its schedule is not overtaken by the next one.
      if (source.activePull === null)
        await pulls.begin(tx, source, request, systemCaller('sources', source.workspace));
      return next ?? untilWoken;
    });
  }

  return {
    /** After any change of the source, in its transaction. */
    async follow(tx: Db, source: StoredSource): Promise<void> {
      const id = await tasks.enqueue(tx, {
        kind: taskKind,
        workspace: source.workspace,
        subject: sourceUri(source.name),
        payload: { source: source.id },
        actor: source.createdBy,
        maximumAttempts: endlessAttempts,
        deduplicationKey: source.id,
      });
      await tasks.wake(tx, id);
    },
  };
}
