/** Confirming a sweep over our learners that has ended: a task of its own. */
import type { ConfirmationRequest } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import { errors } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { toUri } from '../../../base/references.ts';
import type { TaskContext, TaskOutcome, Tasks } from '../../../platform/tasks/service.ts';
import { endlessAttempts, withToldEnd } from '../../../platform/tasks/told-end.ts';
import type { LearnerTrial, SweepRecord } from '../rules.ts';
import { callerOf } from '../sweep-ends.ts';
import type { SweepFits } from '../sweep-fits.ts';
import type { LearnerConfirmations, LearnerConfirmationsDependencies } from './learner-confirmations.ts';
import { type ConfirmationEnd, cancelledEnd } from './records.ts';
import { completeConfirmation } from './rules.ts';

export interface LearnerTasksDependencies extends Pick<LearnerConfirmationsDependencies, 'changes'> {
  readonly tasks: Tasks;
  readonly fits: SweepFits;
  readonly confirmations: LearnerConfirmations;
  getRecord(id: string, workspace: string): Promise<SweepRecord>;
  listTrials(id: string): Promise<readonly LearnerTrial[]>;
}

type Payload = { readonly sweep: string };

const taskKind = 'sweep.learners.confirmation';
const allowedFailures = 3;

export function createLearnerTasks(deps: LearnerTasksDependencies) {
  const { changes, tasks, fits, confirmations, getRecord, listTrials } = deps;

  const end = (
    { id, runId, definition }: SweepRecord,
    how: ConfirmationEnd,
    caller: Caller,
  ): Promise<boolean> => confirmations.records.end({ id, runId, register: definition.register }, how, caller);

  async function work(task: TaskContext<Payload>): Promise<TaskOutcome> {
    const sweep = await getRecord(task.payload.sweep, task.workspace);
    const record = await confirmations.find(sweep);
    if (record.taskId !== task.id || record.status !== 'running') return { done: {} };
    const trials = await listTrials(sweep.id);
    const table = await fits.read(sweep, task.signal);
    const onEnd = (repeated: number, repeats: number) =>
      task.saveProgress({ ...task.progress, repeated, repeats });
    const rows = { table, signal: task.signal, onEnd };
    const how = await confirmations.decide(sweep, trials, record, rows);
    const chosen = trials.find(({ number }) => number === how.choice?.chosen);
    // The sweep's own run holds the best one's model already.
    if (chosen && chosen.number !== sweep.bestTrial) await fits.fit(sweep, chosen, chosen.runId, rows);
    await end(sweep, how, callerOf({ ...sweep, actor: record.actor }));
    return { done: { chosen: chosen?.number ?? null } };
  }

  const fail = async (task: TaskContext<Payload>, { message }: Error): Promise<void> => {
    const sweep = await getRecord(task.payload.sweep, task.workspace);
    const record = await confirmations.find(sweep);
    if (record.taskId !== task.id) return;
    await end(
      sweep,
      { status: 'failed', choice: null, error: message },
      callerOf({ ...sweep, actor: record.actor }),
    );
  };

  tasks.register<Payload>(
    taskKind,
    { concurrency: 1 },
    withToldEnd(work, { allowedFailures: () => allowedFailures, fail }),
  );

  return {
    /** @throws sweepNotConfirmed, confirmationInvalid */
    async begin(
      sweep: SweepRecord,
      request: ConfirmationRequest,
      { actor, ...caller }: Caller,
    ): Promise<void> {
      const { id, workspace, endedAt } = sweep;
      if (endedAt === null)
        throw errors.sweepNotConfirmed({ id, reason: 'it still searches; wait for its end' });
      const trials = await listTrials(id);
      const definition = completeConfirmation(confirmations.toConfirmable(sweep, trials), request);
      await changes.run({ ...caller, actor }, async (tx, record) => {
        const subject = toUri('sweep', id);
        const task = { id: newId('task'), kind: taskKind, workspace, subject, payload: { sweep: id }, actor };
        const taskId = await tasks.enqueue(tx, { ...task, maximumAttempts: endlessAttempts });
        await confirmations.records.begin(tx, record, { id, definition, taskId, actor });
      });
    },

    /** False when none was running. */
    async cancel(sweep: SweepRecord, caller: Caller): Promise<boolean> {
      if (!(await end(sweep, cancelledEnd, caller))) return false;
      await changes.run(caller, async (tx) => tasks.cancel(tx, (await confirmations.find(sweep)).taskId));
      return true;
    },
  };
}
