import type { Confirmation, ConfirmationRequest } from '@tidemill/contract';
import type { Changes } from '../../../../access/audit/service.ts';
import type { Db } from '../../../../adapters/db/db.ts';
import type { Caller } from '../../../../base/caller.ts';
import type { Clock } from '../../../../base/clock.ts';
import { errors } from '../../../../base/errors.ts';
import { newId } from '../../../../base/ids.ts';
import { toUri } from '../../../../base/references.ts';
import type { Events } from '../../../../platform/events/service.ts';
import type { Tasks } from '../../../../platform/tasks/service.ts';
import { endlessAttempts } from '../../../../platform/tasks/told-end.ts';
import type { SearchRecord, TrialRecord } from '../rules.ts';
import { chooseTrial } from './choose-trial.ts';
import {
  type Choice,
  type ConfirmationRecord,
  completeConfirmation,
  listRepeats,
  measureTrials,
  toConfirmation,
} from './rules.ts';
import { confirmationStore } from './store.ts';
import { type ConfirmationWorkDependencies, createConfirmationWork } from './work.ts';

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
  const { db, clock, changes, events, tasks } = deps;
  const work = createConfirmationWork({ ...deps, finish });

  tasks.register<{ sweep: string }>(taskKind, { concurrency: mostDriven }, work.work);

  events.on('confirmations', ['job.finished'], async ({ payload }) => {
    if (typeof payload.id !== 'string') return;
    const sweep = await confirmationStore(db).findSweepOfJob(payload.id);
    if (sweep) work.call(sweep);
  });

  async function finish(search: SearchRecord): Promise<void> {
    const store = confirmationStore(db);
    const record = await store.find(search.id);
    if (!record) return;
    const choice = chooseTrial(
      record.definition,
      measureTrials(record.definition, await store.listRepeats(search.id)),
    );
    const error =
      choice.chosen === null
        ? `None of the ${choice.trials.length} trials gave a value in all of its repeats; trial ${choice.trials[0]?.number}: ${choice.trials[0]?.reason}`
        : null;
    const caller: Caller = { actor: record.actor, role: 'editor', workspace: search.workspace };
    await end(search, { status: error ? 'failed' : 'succeeded', choice, error }, caller);
  }

  /** False when none was running. */
  function end(
    search: SearchRecord,
    {
      status,
      choice,
      error,
    }: { status: ConfirmationRecord['status']; choice: Choice | null; error: string | null },
    caller: Caller,
  ): Promise<boolean> {
    const { id, runId } = search;
    const { register } = search.definition;
    return changes.run(caller, async (tx, record): Promise<boolean> => {
      await deps.advance(tx, id);
      const store = confirmationStore(tx);
      const now = await store.find(id);
      if (now?.status !== 'running') return false;
      await store.cancelWaiting(id);
      await store.end(id, { status, choice, error, endedAt: clock.now() });
      // All its numbers: the next confirmation takes this one's place.
      const confirmation = toConfirmation({ ...now, status, choice, error }, await store.listRepeats(id));
      record({
        action: 'sweep.confirmed',
        subject: toUri('sweep', id),
        detail: { id, runId, state: status, chosen: choice?.chosen ?? null, register, error, confirmation },
      });
      return true;
    });
  }

  return {
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
        const definition = completeConfirmation({ ...search, status }, trials, request);
        const earlier = await confirmationStore(tx).find(id);
        if (earlier?.status === 'running')
          throw errors.sweepNotConfirmed({ id, reason: 'they are being run again just now' });
        const subject = toUri('sweep', id);
        const task = { id: newId('task'), kind: taskKind, workspace, subject, payload: { sweep: id }, actor };
        const taskId = await tasks.enqueue(tx, { ...task, maximumAttempts: endlessAttempts });
        await confirmationStore(tx).replace(
          {
            ...{ sweepId: id, definition, status: 'running', choice: null, error: null, taskId, actor },
            ...{ createdAt: clock.now(), endedAt: null },
          },
          listRepeats(definition),
        );
        const { seeds, windows, rule } = definition;
        const numbers = definition.trials.map(({ number }) => number);
        const detail = { id, trials: numbers, seeds, windows, rule };
        record({ action: 'sweep.confirming', subject, detail });
      });
    },

    /** False when none was running. */
    async cancel(search: SearchRecord, caller: Caller): Promise<boolean> {
      if (!(await end(search, { status: 'cancelled', choice: null, error: null }, caller))) return false;
      await work.stop(search);
      work.call(search.id);
      return true;
    },
  };
}

export type Confirmations = ReturnType<typeof createConfirmations>;
