import { isDiskFull } from '../../base/disk-full.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import type { TaskContext, TaskOutcome } from './service.ts';

export interface ToldEndOptions<P> {
  /** Failures until it is over; a process that died or stopped is none. */
  readonly allowedFailures: (task: TaskContext<P>) => number;
  /** Failures that another attempt cannot mend; the user's own mistakes when absent. */
  readonly isHopeless?: (error: unknown) => boolean;
  /** Tells the end to whom it concerns, in a transaction of its own; must be idempotent. */
  readonly fail: (task: TaskContext<P>, error: TidemillError) => Promise<void>;
}

/** The engine's own count must not end a task: then nobody would be told. */
export const endlessAttempts = 1_000_000;
/** So often may the process die under one task before the task is taken for the cause. */
const allowedDeaths = 10;

export const isUserError = (error: unknown): boolean => error instanceof TidemillError && error.status < 500;

/**
 * Work of a task whose failing must be told in the same breath (a run fails, an event goes out): counts the failures
 * itself and calls `fail` before the last one is thrown. Enqueue such tasks with `endlessAttempts`.
 */
export function withToldEnd<P>(
  work: (task: TaskContext<P>) => Promise<TaskOutcome>,
  { allowedFailures, isHopeless = isUserError, fail }: ToldEndOptions<P>,
): (task: TaskContext<P>) => Promise<TaskOutcome> {
  return async (task) => {
    try {
      if (task.attempt > allowedFailures(task) + allowedDeaths)
        throw errors.jobFailed({
          id: task.id,
          attempts: task.attempt - 1,
          reason: 'the server stopped in it',
        });
      return await work(task);
    } catch (error) {
      // Cancelled or shutting down: neither is a failure.
      if (task.signal.aborted) throw error;
      const failures = Number(task.progress.failures ?? 0) + 1;
      if (!isHopeless(error) && failures < allowedFailures(task)) {
        await task.saveProgress({ ...task.progress, failures });
        throw new Error(reasonOf(error), { cause: error });
      }
      const end = toEnd(task.id, error, failures);
      await fail(task, end);
      throw end;
    }
  };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What has a remedy of its own says so: a disk that is full, a store that is down. The rest is told as what failed how often. */
function toEnd(id: string, error: unknown, attempts: number): TidemillError {
  if (error instanceof TidemillError && error.code !== 'internal') return error;
  if (isDiskFull(error)) return errors.diskFull({ reason: reasonOf(error) }, error);
  return errors.jobFailed({ id, attempts, reason: reasonOf(error).replace(/[.\s]+$/, '') }, error);
}
