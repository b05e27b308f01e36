/** How confirmations begin and end: rows, the audit row and the event, at once and only once. */
import type { Change, Changes } from '../../../access/audit/service.ts';
import type { Db } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors } from '../../../base/errors.ts';
import { toUri } from '../../../base/references.ts';
import { type ConfirmationRecord, type FullConfirmation, listRepeats, toConfirmation } from './rules.ts';
import { confirmationStore } from './store.ts';

export interface Confirmed {
  readonly id: string;
  readonly runId: string;
  /** Of which model the chosen trial's becomes a version by this end; null when something else sees to that. */
  readonly register: string | null;
}

export type ConfirmationEnd = Pick<ConfirmationRecord, 'status' | 'choice' | 'error'>;

export const cancelledEnd: ConfirmationEnd = { status: 'cancelled', choice: null, error: null };

export function createConfirmationRecords({ changes, clock }: { changes: Changes; clock: Clock }) {
  return {
    /** In the place of an earlier one. @throws sweepNotConfirmed while that one runs */
    async begin(
      tx: Db,
      record: (change: Change) => void,
      {
        id,
        definition,
        taskId,
        actor,
      }: { id: string; definition: FullConfirmation; taskId: string; actor: string },
    ): Promise<void> {
      const store = confirmationStore(tx);
      if ((await store.find(id))?.status === 'running')
        throw errors.sweepNotConfirmed({ id, reason: 'they are being run again just now' });
      await store.replace(
        {
          ...{ sweepId: id, definition, status: 'running', choice: null, error: null, taskId, actor },
          ...{ createdAt: clock.now(), endedAt: null },
        },
        listRepeats(definition),
      );
      const { seeds, windows, rule } = definition;
      const trials = definition.trials.map(({ number }) => number);
      record({
        action: 'sweep.confirming',
        subject: toUri('sweep', id),
        detail: { id, trials, seeds, windows, rule },
      });
    },

    /** False when none was running. `hold` comes first in the transaction. */
    end(
      { id, runId, register }: Confirmed,
      end: ConfirmationEnd,
      caller: Caller,
      hold: (tx: Db) => Promise<unknown> = async () => undefined,
    ): Promise<boolean> {
      const { status, choice, error } = end;
      return changes.run(caller, async (tx, record): Promise<boolean> => {
        await hold(tx);
        const store = confirmationStore(tx);
        const now = await store.find(id);
        if (!now || !(await store.end(id, { ...end, endedAt: clock.now() }))) return false;
        await store.cancelWaiting(id);
        // All its numbers: the next confirmation takes this one's place.
        const confirmation = toConfirmation({ ...now, ...end }, await store.listRepeats(id));
        record({
          action: 'sweep.confirmed',
          subject: toUri('sweep', id),
          detail: { id, runId, state: status, chosen: choice?.chosen ?? null, register, error, confirmation },
        });
        return true;
      });
    },
  };
}

export type ConfirmationRecords = ReturnType<typeof createConfirmationRecords>;
