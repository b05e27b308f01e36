import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import { type Caller, systemCaller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, type TidemillError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { toUri } from '../../base/references.ts';
import type { TaskContext, TaskOutcome } from '../../platform/tasks/service.ts';
import type { Rollouts } from '../../serving/rollouts/service.ts';
import type { LoopSteps } from './loop-steps.ts';
import { isEnded, pendingStep, type StepResult, type StoredRun, withStep } from './rules.ts';
import { retrainingStore } from './store.ts';

export interface LoopWorkDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly steps: LoopSteps;
  readonly rollouts: Pick<Rollouts, 'rollBack'>;
}

/** Events wake a run; between them this keeps the text of its waiting step young. */
const lookAgainMs = 500;

/** Does step after step, each kept before the next begins, so that a kill at any moment repeats at most one. */
export function createLoopWork({ db, changes, clock, logger, steps, rollouts }: LoopWorkDependencies) {
  async function get(id: string, workspace: string): Promise<StoredRun> {
    const found = await retrainingStore(db).findRun(workspace, id);
    if (!found) throw errors.loopRunNotFound({ id });
    return found;
  }

  /** False when the run ended meanwhile. A step begun or ended is audited and told; a new figure is telemetry. */
  async function save(run: StoredRun, result: StepResult, caller: Caller): Promise<boolean> {
    const next = applied(run, result, clock.now());
    if (!isAdvance(run, next)) {
      return isSameText(run, next) || retrainingStore(db).updateRun(next);
    }
    return changes.run(caller, async (tx, record) => {
      if (!(await retrainingStore(tx).updateRun(next))) return false;
      const { id, endpoint, policy, state, verdict, candidate } = next;
      const last = next.steps.at(-1);
      const detail = { id, endpoint, policy, state, verdict, candidate, step: last?.name, text: last?.text };
      record({ action: 'loop.advanced', subject: toUri('loop', id), detail });
      return true;
    });
  }

  async function work(task: TaskContext<unknown>): Promise<TaskOutcome> {
    const caller = systemCaller('retraining', task.workspace);
    for (;;) {
      const run = await get(task.id, task.workspace);
      if (isEnded(run)) return { done: { verdict: run.verdict } };
      const result = await steps.next(run);
      if (!(await save(run, result, caller))) {
        await undo(run, result, caller);
        return { done: {} };
      }
      task.signal.throwIfAborted();
      if (result.wait) return { waitUntil: clock.now() + lookAgainMs };
      await task.saveProgress({ steps: result.steps.length });
    }
  }

  /** Cancelled just while the candidate went into traffic: nobody else would take it out again. */
  async function undo(run: StoredRun, { rollout }: StepResult, caller: Caller): Promise<void> {
    if (rollout === undefined || rollout === run.rollout) return;
    await rollouts.rollBack({ id: rollout, reason: `${run.id} was cancelled` }, caller);
  }

  return {
    work,
    save,

    async fail({ id, workspace }: TaskContext<unknown>, error: TidemillError): Promise<void> {
      const run = await get(id, workspace);
      logger.warn({ err: error, loopRun: id, endpoint: run.endpoint }, 'loop run failed');
      const part = { name: pendingStep(run), state: 'failed', text: error.message } as const;
      const failed = withStep(run.steps, part, clock.now());
      const end = { state: 'failed', verdict: null } as const;
      await save(run, { steps: failed, end }, systemCaller('retraining', workspace));
    },
  };
}

function applied(run: StoredRun, result: StepResult, now: number): StoredRun {
  return {
    ...run,
    steps: [...result.steps],
    made: { ...run.made, ...result.made },
    candidate: result.candidate ?? run.candidate,
    rollout: result.rollout ?? run.rollout,
    state: result.end ? result.end.state : result.wait ? 'waiting' : 'running',
    verdict: result.end ? result.end.verdict : run.verdict,
    finishedAt: result.end ? now : null,
  };
}

/** More than a new figure in the same waiting step. */
function isAdvance(before: StoredRun, after: StoredRun): boolean {
  const outline = ({ steps, made, candidate, rollout, finishedAt }: StoredRun) =>
    JSON.stringify([steps.map(({ name, state }) => [name, state]), made, candidate, rollout, finishedAt]);
  return outline(before) !== outline(after);
}

const isSameText = (before: StoredRun, after: StoredRun): boolean =>
  before.state === after.state && JSON.stringify(before.steps) === JSON.stringify(after.steps);
