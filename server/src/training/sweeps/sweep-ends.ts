import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { toUri } from '../../base/references.ts';
import type { Experiments } from '../experiments/service.ts';
import { cancelledEnd } from './confirmation/records.ts';
import { confirmationStore } from './confirmation/store.ts';
import { type LearnerTrial, runStatusOf, type SweepEnd, type SweepRecord, toRefitRecipe } from './rules.ts';
import { sweepStore } from './store.ts';

export interface SweepEndsDependencies {
  readonly changes: Changes;
  readonly experiments: Pick<Experiments, 'setRunStatus'>;
  readonly clock: Clock;
}

export interface EndOptions {
  /** The trial whose model the sweep leaves. */
  readonly winner?: LearnerTrial;
  readonly error?: string;
  /** More of the same transaction, unless it had ended. */
  readonly alongside?: (tx: Db) => Promise<unknown>;
}

const stopped = {
  succeeded: 'the sweep had ended',
  failed: 'the sweep failed',
  cancelled: 'the sweep was cancelled',
} as const;

/** Work goes on in the name of whoever submitted it. */
export const callerOf = ({ actor, workspace }: SweepRecord): Caller => ({ actor, role: 'editor', workspace });

/** How sweeps end: runs, rows, the audit row and `sweep.finished`, all at once and only once. */
export function createSweepEnds({ changes, experiments, clock }: SweepEndsDependencies) {
  /** What was still running has no result; what had finished stays. */
  async function endRunningTrials(tx: Db, { id, workspace }: SweepRecord, state: SweepEnd): Promise<void> {
    const trials = (await sweepStore(tx).listTrials([id])).get(id) ?? [];
    for (const { number, runId } of trials.filter((trial) => trial.state === 'running')) {
      const end = { state: 'failed', value: null, error: stopped[state] } as const;
      await sweepStore(tx).endTrial(id, number, end, clock.now());
      await experiments.setRunStatus(tx, runId, 'KILLED', workspace);
    }
  }

  /** Of a sweep that ends before its best were run again. */
  async function endConfirmation(tx: Db, id: string): Promise<void> {
    const store = confirmationStore(tx);
    if (await store.end(id, { ...cancelledEnd, endedAt: clock.now() })) await store.cancelWaiting(id);
  }

  return {
    /** False when the sweep had ended already. */
    end(
      sweep: SweepRecord,
      state: SweepEnd,
      caller: Caller,
      { winner: trial, error, alongside }: EndOptions = {},
    ) {
      const { id, runId, workspace, definition } = sweep;
      const winner = state === 'succeeded' ? (trial ?? null) : null;
      return changes.run(caller, async (tx, record): Promise<boolean> => {
        if (!(await sweepStore(tx).end(id, winner?.number ?? null, clock.now()))) return false;
        await alongside?.(tx);
        await endRunningTrials(tx, sweep, state);
        await endConfirmation(tx, id);
        await experiments.setRunStatus(tx, runId, runStatusOf[state], workspace);
        record({
          action: 'sweep.finished',
          subject: toUri('sweep', id),
          detail: {
            ...{ id, state, runId, best: winner },
            register: winner && definition.register,
            recipe: winner && toRefitRecipe(sweep, winner),
            ...(error !== undefined && { error }),
          },
        });
        return true;
      });
    },
  };
}

export type SweepEnds = ReturnType<typeof createSweepEnds>;
