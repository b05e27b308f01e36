import type { Comparison, evaluationEndpoints, Input } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { bootstrapInterval } from '../../base/statistics/bootstrap.ts';
import { differencesByDay, pairedTest } from '../../base/statistics/paired-test.ts';
import { createRandom } from '../../base/statistics/random.ts';
import { mean } from '../../base/statistics/summary.ts';

export type EvaluationRequest = Input<(typeof evaluationEndpoints)['evaluate']>;
/** With the column, or the columns, of what really happened. */
export type EvaluationInput = EvaluationRequest & { readonly target: string };

const alpha = 0.05;
const draws = 2000;
/** Keeps a comparison well under a second; a longer series is folded into means of neighbours. */
const maximumDifferences = 5000;
const maximumPoints = 2000;

export interface WindowRequest {
  readonly last?: number | undefined;
  /** Bounds in the unit of the times, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface WindowBounds {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/**
 * How many of the newest rows to judge on, of so many between the bounds: those asked for, all where a beginning was, the
 * newest fifth otherwise.
 */
export function countOfWindow(inside: number, { last, from }: Pick<WindowRequest, 'last' | 'from'>): number {
  if (last === undefined) return from === undefined ? Math.ceil(inside / 5) : inside;
  return Math.min(last, inside);
}

/**
 * Whether a model learned from no row at or after `from`, so that its judgement there is honest.
 * @param times of its training set, ascending
 */
export function isUnseen(
  from: number,
  times: Float64Array,
  { split, holdout }: { readonly split: 'time' | 'random'; readonly holdout: number },
): boolean {
  const last = times.at(-1);
  if (last === undefined || from > last) return true;
  // Held out at random, any row may have been learned from.
  if (split === 'random' || holdout === 0) return false;
  const held = Math.max(1, Math.round(times.length * holdout));
  return from >= (times[times.length - held] ?? Number.POSITIVE_INFINITY);
}

/**
 * Whether one model errs less than another on the same rows. The unit is the time, not the row: rows of one time are
 * averaged. The p-value is a sign-flip test; the interval a moving-block bootstrap, as errors of neighbouring days
 * are alike; a verdict needs both.
 */
export function compare(options: {
  readonly truth: Float64Array;
  readonly candidate: Float64Array;
  readonly other: Float64Array;
  /** Rank of each row's time: 0, 0, 1, 2 … */
  readonly ranks: readonly number[];
  readonly seed: number;
}): Comparison {
  const { truth, candidate, other, ranks, seed } = options;
  const { differences } = differencesByDay({
    a: absoluteErrors(truth, candidate),
    b: absoluteErrors(truth, other),
    days: ranks.map((rank) => String(rank).padStart(12, '0')),
  });
  const values = foldNeighbours(differences, maximumDifferences);
  const test = pairedTest({
    a: values,
    b: new Float64Array(values.length),
    alpha,
    random: createRandom(seed),
  });
  const blockLength = Math.max(1, Math.round(Math.cbrt(values.length)));
  const random = createRandom(seed + 1);
  const { lower, upper } = bootstrapInterval({ values, statistic: mean, alpha, random, draws, blockLength });
  const isDecided = test.pValue <= alpha && (upper < 0 || lower > 0);
  return {
    verdict: !isDecided ? 'inconclusive' : upper < 0 ? 'candidate-better' : 'candidate-worse',
    pairs: differences.length,
    meanDifference: mean(differences),
    interval: [lower, upper],
    pValue: test.pValue,
  };
}

const absoluteErrors = (truth: Float64Array, prediction: Float64Array): Float64Array =>
  prediction.map((value, i) => Math.abs(value - (truth[i] ?? Number.NaN)));

/** Means of equally many neighbours, at most `maximum` of them; what is left over joins the last. */
export function foldNeighbours(values: Float64Array, maximum: number): Float64Array {
  if (values.length <= maximum) return values;
  const size = Math.ceil(values.length / maximum);
  const count = Math.floor(values.length / size);
  return Float64Array.from({ length: count }, (_, i) =>
    mean(values.subarray(i * size, i === count - 1 ? values.length : (i + 1) * size)),
  );
}

/** Row numbers of at most 2,000 points, evenly spread, the last one included. */
export function choosePoints(rows: number): number[] {
  const step = Math.max(1, Math.ceil(rows / maximumPoints));
  return Array.from({ length: Math.ceil(rows / step) }, (_, i) => rows - 1 - i * step).reverse();
}

/** 0, 0, 1, 2 … for ascending values. */
export function rankTimes(times: Float64Array): number[] {
  let rank = -1;
  return Array.from(times, (time, i) => {
    if (i === 0 || time !== times[i - 1]) rank += 1;
    return rank;
  });
}

const refuse = (reason: string, remedy: string): never => {
  throw errors.evaluationRequestInvalid({ reason, remedy });
};

/** Whether rows have several labels each, or are ranked for queries. */
export const isOfSets = ({ labels, query }: Pick<EvaluationRequest, 'labels' | 'query'>): boolean =>
  labels !== undefined || query !== undefined;

/** @throws evaluationRequestInvalid where it does not say what happened, or asks what its task does not have */
export function toInput(request: EvaluationRequest): EvaluationInput {
  const { labels, query, target, task } = request;
  if (labels && query !== undefined)
    return refuse('rows have several labels, or are ranked', "Leave 'labels' or 'query' out");
  if (labels) {
    if (target !== undefined && target !== joined(labels))
      refuse("'labels' name what happened", "Leave 'target' out");
    assertLacks(request, ['value', 'baseline', 'cutoffs', 'positive']);
  }
  if (query !== undefined) assertLacks(request, ['value', 'weight', 'threshold', 'positive', 'classes']);
  else if (request.cutoffs) refuse("'cutoffs' are of rankings", "Name the column of queries as 'query'");
  const own = labels ? 'multilabel' : query !== undefined ? 'ranking' : undefined;
  if (own && task !== undefined && task !== own)
    refuse(`it says task ${task} of what is ${own}`, `Leave 'task' out, or say ${own}`);
  const happened = target ?? (labels && joined(labels));
  if (happened === undefined)
    return refuse('it does not say what really happened', "Name its column as 'target'");
  return { ...request, target: happened };
}

const joined = (labels: Readonly<Record<string, string>>): string => Object.values(labels).join(', ');

function assertLacks(request: EvaluationRequest, names: readonly (keyof EvaluationRequest)[]): void {
  const asked = [...names, 'slices' as const, 'search' as const].filter(
    (name) => request[name] !== undefined,
  );
  if (asked.length > 0)
    refuse(
      `${asked.join(' and ')} cannot be had of several labels or rankings`,
      'Leave it out; judge a part of the rows by a select instead of slices',
    );
}
