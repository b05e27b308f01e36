import { createRandom } from '../../../base/statistics/random.ts';
import { listTimeWindows, startOfTime } from '../../../base/statistics/time-windows.ts';
import type { FeatureMatrix, TrainingData } from '../learner.ts';
import { LearnerInputError } from '../learner-input.ts';
import type { Fold, TrainingTable } from '../rules.ts';

export interface RowSplit {
  /** Ascending row numbers. */
  readonly training: Uint32Array;
  readonly holdout: Uint32Array;
}

/**
 * Parts the rows of a table that is in order of time. By 'time' the newest share is held out, and rows of one time
 * stay together, for half a day's rows would tell of the other half. By 'random' any row may be, as notebooks do.
 * @throws LearnerInputError when one side would have no rows.
 */
export function splitRows(
  time: Float64Array,
  { split, holdout, seed }: { split: 'time' | 'random'; holdout: number; seed: number },
): RowSplit {
  const rows = time.length;
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  if (holdout === 0) return { training: all, holdout: new Uint32Array(0) };
  const held = Math.max(1, Math.round(rows * holdout));
  if (split === 'random') {
    const drawn = drawRows(rows, Math.min(held, rows - 1), seed);
    return assertBothSides({
      training: all.filter((row) => !drawn.has(row)),
      holdout: all.filter((row) => drawn.has(row)),
    });
  }
  const first = startOfTime(time, Math.max(0, rows - held));
  return assertBothSides({ training: all.subarray(0, first), holdout: all.subarray(first) });
}

/** The first `count` of a Fisher-Yates shuffle. */
function drawRows(rows: number, count: number, seed: number): ReadonlySet<number> {
  const random = createRandom(seed);
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  for (let i = 0; i < count; i++) {
    const other = i + random.integer(rows - i);
    const held = order[i] ?? 0;
    order[i] = order[other] ?? 0;
    order[other] = held;
  }
  return new Set(order.subarray(0, Math.max(0, count)));
}

function assertBothSides(split: RowSplit): RowSplit {
  if (split.training.length > 0 && split.holdout.length > 0) return split;
  throw new LearnerInputError(
    `Of ${split.training.length + split.holdout.length} rows, ${split.training.length} are left to learn from and ${split.holdout.length} to judge by; rows of one time stay on one side. Hold out another share, or give rows of more times.`,
  );
}

/**
 * Windows of time (walk-forward): the rows are cut into `count` + 1 blocks in order of time; fold k is judged on block
 * k + 1 and learns from all blocks before it (expanding), or from the one before it (rolling). No time is cut in two.
 * @throws LearnerInputError when there are too few times for so many folds.
 */
export function listFolds(
  time: Float64Array,
  count: number,
  kind: 'expanding' | 'rolling' = 'expanding',
): readonly Fold[] {
  const windows = listTimeWindows(time, { count, kind });
  if (windows) return windows.map(({ trainStart, trainEnd, end }) => ({ trainStart, trainEnd, end }));
  throw new LearnerInputError(
    `${time.length} rows of ${new Set(time).size} times cannot be cut into ${count} ${kind} windows; ask for fewer, or give rows of more times.`,
  );
}

export function takeRows(table: TrainingTable, rows: Uint32Array): TrainingData {
  const take = (column: Float64Array) => Float64Array.from(rows, (row) => column[row] ?? Number.NaN);
  return { features: mapColumns(table.features, rows.length, take), target: take(table.target) };
}

/** Neighbouring rows, without copying them. */
export function sliceRows(table: TrainingTable, start: number, end: number): TrainingData {
  const slice = (column: Float64Array) => column.subarray(start, end);
  return { features: mapColumns(table.features, end - start, slice), target: slice(table.target) };
}

function mapColumns(
  { names, columns }: FeatureMatrix,
  rows: number,
  change: (column: Float64Array) => Float64Array,
): FeatureMatrix {
  return { names, rows, columns: columns.map(change) };
}
