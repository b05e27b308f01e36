import type { FeatureView } from '@tidemill/contract';
import { type Db, transact } from '../../../adapters/db/db.ts';
import { type Caller, systemCaller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { nextCronTime } from '../../../base/cron.ts';
import { errors } from '../../../base/errors.ts';
import type { Events, StoredEvent } from '../../../platform/events/service.ts';
import type { Tasks } from '../../../platform/tasks/service.ts';
import { endlessAttempts } from '../../../platform/tasks/told-end.ts';
import type { Views } from '../views.ts';
import { materializationStore } from './materialization-store.ts';
import type { Materialize } from './materialize.ts';

export interface OnlineSchedulesDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'wake'>;
  readonly events: Pick<Events, 'on'>;
  readonly materialize: Pick<Materialize, 'begin'>;
  readonly views: Pick<Views, 'list' | 'findMeaning' | 'resolveView'>;
}

const taskKind = 'feature-schedule';
/** Until a change of the view wakes it. */
const untilWoken = 8_640_000_000_000_000;
const changes = ['features.defined', 'features.described', 'features.deleted'];

/** Views that are brought online by themselves: at times of a cron pattern, and when a dataset has a new version. */
export function createOnlineSchedules(deps: OnlineSchedulesDependencies): void {
  const { db, clock, tasks, events, materialize, views } = deps;

  /** One task per view that ever had a schedule. What was missed while no server ran is made up for once. */
  tasks.register<{ name: string }>(taskKind, { concurrency: 1 }, async (task) => {
    const { workspace, payload, progress } = task;
    const cron = (await views.findMeaning(payload.name, workspace))?.view.online.materialize?.schedule;
    if (cron === undefined) return { waitUntil: untilWoken };
    const now = clock.now();
    const isDue = progress.cron === cron && Number(progress.next) <= now;
    if (isDue) await beginAll(payload.name, workspace, 'schedule');
    const next = !isDue && progress.cron === cron ? Number(progress.next) : nextCronTime(cron, 'UTC', now);
    await task.saveProgress({ cron, next });
    return { waitUntil: next ?? untilWoken };
  });

  events.on('feature-schedules', changes, async ({ workspace, subject, actor }) => {
    const name = /^view:([^@]+)@/.exec(subject)?.[1];
    if (name === undefined) return;
    const found = await views.findMeaning(name, workspace);
    await transact(db, async (tx) => {
      const id = await follow(tx, name, workspace, actor, found?.view ?? null);
      if (id !== null) await tasks.wake(tx, id);
    });
  });

  /** Without a schedule nothing need be woken: its task, if there is one, sees that when it is due. */
  async function follow(tx: Db, name: string, workspace: string, actor: string, view: FeatureView | null) {
    const key = `${workspace}/${name}`;
    if (!view?.online.materialize?.schedule) return null;
    return tasks.enqueue(tx, {
      ...{ kind: taskKind, workspace, actor, subject: `view:${name}`, payload: { name } },
      maximumAttempts: endlessAttempts,
      deduplicationKey: key,
    });
  }

  events.on('feature-versions', ['dataset.committed'], followDataset);

  async function followDataset({ workspace, subject }: StoredEvent): Promise<void> {
    const dataset = /^dataset:([^@]+)@/.exec(subject)?.[1];
    if (dataset === undefined) return;
    const caller = systemCaller('features', workspace);
    let cursor: string | undefined;
    do {
      const page = await views.list({ limit: 200, ...(cursor !== undefined && { cursor }) }, caller);
      for (const view of page.items)
        if (view.online.materialize?.onDatasetVersion && view.datasets.includes(dataset))
          await beginAll(view.name, workspace, 'dataset-version');
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** The latest version, and earlier ones that somebody has brought online: endpoints may still read them. */
  async function beginAll(name: string, workspace: string, trigger: 'schedule' | 'dataset-version') {
    const caller: Caller = systemCaller('features', workspace);
    const latest = await views.resolveView(`${name}@latest`, workspace);
    const numbers = new Set([
      latest.version,
      ...(await materializationStore(db).listNumbers(workspace, name)),
    ]);
    for (const version of numbers) {
      // One that was deleted since is nobody's.
      const view = await views.resolveView(`${name}@${version}`, workspace).catch(() => null);
      if (!view) continue;
      await transact(db, async (tx) => {
        if (await materializationStore(tx).isQueued(workspace, name, version)) return;
        await materialize.begin(tx, { name, version, mode: 'incremental', trigger }, caller);
      });
    }
  }
}

/** @throws featureDefinitionInvalid */
export function assertSchedule(what: string, cron: string | undefined): void {
  if (cron === undefined) return;
  let reason = `the schedule '${cron}' never comes`;
  try {
    if (nextCronTime(cron, 'UTC', 0) !== null) return;
  } catch {
    reason = `'${cron}' is no cron pattern; write five fields, minute hour day month weekday: '30 6 * * 1-5'`;
  }
  throw errors.featureDefinitionInvalid({ what, reason });
}
