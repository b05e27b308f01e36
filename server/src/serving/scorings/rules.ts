import type { DatasetVersion, Scoring } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { quoteName } from '../../base/sql-text.ts';

/** What a task of batch scoring is about; versions by number, whatever was asked. */
export interface ScoringPayload {
  readonly endpoint: string | null;
  readonly model: string;
  readonly dataset: string;
  readonly rows: number;
  readonly output: string;
  readonly column: string;
  readonly message: string;
}

interface ScoringTask {
  readonly id: string;
  readonly state: string;
  readonly payload: Record<string, unknown>;
  readonly progress: Record<string, unknown>;
  readonly result: Record<string, unknown> | null;
  readonly error: string | null;
  readonly actor: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

export function toScoring(task: ScoringTask): Scoring {
  const { endpoint, model, dataset, rows, output } = task.payload as unknown as ScoringPayload;
  const { result, progress } = task;
  return {
    ...{ id: task.id, endpoint, model, dataset, output, rows },
    state: task.state === 'waiting' ? 'queued' : (task.state as Scoring['state']),
    done: result ? rows : (numberOrNull(progress.done) ?? 0),
    result: typeof result?.reference === 'string' ? result.reference : null,
    unscored: numberOrNull(result?.unscored),
    rowsPerSecond: numberOrNull(result?.rowsPerSecond ?? progress.rowsPerSecond),
    error: task.error,
    ...{ createdAt: task.createdAt, createdBy: task.actor, finishedAt: task.finishedAt },
  };
}

/** Columns that the result may get beside those of the dataset. */
export const addedColumns = ({ column }: Pick<ScoringPayload, 'column'>): string[] => [
  column,
  'outputs',
  'problem',
];

/** @throws scoringInvalid where the dataset lacks what the model reads, or has a column that the result needs */
export function assertColumns(
  { reference, columns }: Pick<DatasetVersion, 'reference' | 'columns'>,
  needed: readonly string[],
  payload: Pick<ScoringPayload, 'column' | 'model'>,
): void {
  const has = new Set(columns.map(({ name }) => name));
  const lacking = needed.filter((name) => !has.has(name));
  if (lacking.length > 0) {
    const reason = `${reference} has no column ${lacking.map((name) => `'${name}'`).join(', ')}, which ${payload.model} reads`;
    throw errors.scoringInvalid({ reason });
  }
  const taken = addedColumns(payload).find((name) => has.has(name));
  if (taken !== undefined) {
    const reason = `${reference} has a column '${taken}' already; the result would have two`;
    throw errors.scoringInvalid({ reason });
  }
}

/** A column of a dataset as a model takes it: times as microseconds, the rest as it is. */
export function inputText({ name, type }: DatasetVersion['columns'][number]): string {
  const quoted = quoteName(name);
  if (type === 'timestamp' || type === 'date')
    return `cast(epoch_us(cast(${quoted} as timestamp)) as double) as ${quoted}`;
  return type === 'text' ? quoted : `cast(${quoted} as double) as ${quoted}`;
}
