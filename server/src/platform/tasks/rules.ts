export type TaskState = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled';

export interface Task {
  readonly id: string;
  readonly workspace: string;
  readonly kind: string;
  readonly subject: string;
  readonly state: TaskState;
  readonly payload: Record<string, unknown>;
  readonly progress: Record<string, unknown>;
  readonly result: Record<string, unknown> | null;
  readonly error: string | null;
  readonly attempt: number;
  readonly maximumAttempts: number;
  readonly actor: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

export const isFinal = (state: TaskState): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';

/** Seconds double from one attempt to the next, to at most a minute. */
export const backoffMs = (attempt: number): number => Math.min(60_000, 1000 * 2 ** Math.max(0, attempt - 1));
