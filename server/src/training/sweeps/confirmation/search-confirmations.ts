import type { Confirmation, ConfirmationRequest } from '@tidemill/contract';
import type { Changes } from '../../../access/audit/service.ts';
import type { Db } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { newId } from '../../../base/ids.ts';
import { toUri } from '../../../base/references.ts';
import type { Events } from '../../../platform/events/service.ts';
import type { Tasks } from '../../../platform/tasks/service.ts';
import { endlessAttempts } from '../../../platform/tasks/told-end.ts';
import type { SearchRecord, TrialRecord } from '../space/rules.ts';
import { decide } from './choose-trial.ts';
import { toConfirmable } from './confirmable-search.ts';
import { type ConfirmationEnd, cancelledEnd, createConfirmationRecords } from './records.ts';
import { completeConfirmation, toConfirmation } from './rules.ts';
import { type ConfirmationWorkDependencies, createConfirmationWork } from './search-repeats.ts';
import { confirmationStore } from './store.ts';

export interface ConfirmationsDependencies extends Omit<ConfirmationWorkDependencies, 'finish'> {
  readonly clock: Clock;
  readonly changes: Changes;
  readonly events: Pick<Events, 'on'>;
  readonly tasks: Tasks;
  listTrials(tx: Db, id: string): Promise<TrialRecord[]>;
}

const taskKind = 'sweep.confirmation';
/** Confirmations that go on side by side; their jobs are bounded by the machine. */
const mostDriven = 32;

/** The best trials once more, with other seeds and on windows of time: which of them was not just lucky. */
export function createConfirmations(deps: ConfirmationsDependencies) {
  const { db, changes, events, tasks } = deps;
  const records = createConfirmationRecords(deps);
  const work = createConfirmationWork({ ...deps, finish });

  tasks.register<{ sweep: string }>(taskKind, { concurrency: mostDriven }, work.work);

  events.on('confirmations', ['job.finished'], async ({ payload }) => {
    if (typeof payload.id !== 'string') return;
    const sweep = await confirmationStore(db).findSweepOfJob(payload.id);
    if (sweep) work.call(sweep);
  });

  async function finish(search: SearchRecord): Promise<void> {
    const record = await confirmationStore(db).find(search.id);
    if (!record) return;
    const repeats = await confirmationStore(db).listRepeats(search.id);
    const caller: Caller = { actor: record.actor, role: 'editor', workspace: search.workspace };
    await end(search, decide(record.definition, repeats), caller);
  }

  /** False when none was running. */
  function end(
    { id, runId, definition }: SearchRecord,
    how: ConfirmationEnd,
    caller: Caller,
  ): Promise<boolean> {
    const register = definition.register ?? null;
    return records.end({ id, runId, register }, how, caller, (tx) => deps.advance(tx, id));
  }

  return {
    findChosen: (id: string): Promise<number | null> => confirmationStore(db).findChosen(id),

    async describe({ id }: Pick<SearchRecord, 'id'>): Promise<Confirmation | null> {
      const store = confirmationStore(db);
      const record = await store.find(id);
      return record && toConfirmation(record, await store.listRepeats(id));
    },

    /** @throws sweepNotConfirmed, confirmationInvalid */
    async begin(search: SearchRecord, request: ConfirmationRequest, caller: Caller): Promise<void> {
      const { id, workspace } = search;
      const { actor } = caller;
      await changes.run(caller, async (tx, record) => {
        const { status } = await deps.advance(tx, id);
        const trials = await deps.listTrials(tx, id);
        const definition = completeConfirmation(toConfirmable({ ...search, status }, trials), request);
        const subject = toUri('sweep', id);
        const task = { id: newId('task'), kind: taskKind, workspace, subject, payload: { sweep: id }, actor };
        const taskId = await tasks.enqueue(tx, { ...task, maximumAttempts: endlessAttempts });
        await records.begin(tx, record, { id, definition, taskId, actor });
      });
    },

    /** False when none was running. */
    async cancel(search: SearchRecord, caller: Caller): Promise<boolean> {
      if (!(await end(search, cancelledEnd, caller))) return false;
      await work.stop(search);
      work.call(search.id);
      return true;
    },
  };
}

export type Confirmations = ReturnType<typeof createConfirmations>;
