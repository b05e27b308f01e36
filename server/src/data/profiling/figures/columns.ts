/** Runs in a worker thread: everything that one column of numbers says, from its values tallied once. */
import type { Monotonicity } from '@tidemill/contract';
import { moments } from '../../../base/statistics/moments.ts';
import {
  countBelow,
  countOf,
  histogram,
  placeOf,
  quantileOf,
  type Scratch,
  scratchFor,
  type Tally,
  tallyOf,
  timesAt,
} from './tally.ts';

export const quantileLevels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;
const shown = 10;

export type Counted = readonly [value: number, count: number];

/** Of a column as doubles: booleans as 0 and 1, times as microseconds since 1970, texts by their length. */
export interface ColumnFigures {
  /** Finite values, which all figures below are of. */
  readonly finite: number;
  /** NaN, which stands for null too. */
  readonly missing: number;
  readonly infinities: number;
  readonly zeros: number;
  readonly negatives: number;
  readonly sum: number;
  readonly mean: number;
  readonly variance: number;
  readonly skewness: number;
  readonly kurtosis: number;
  readonly minimum: number;
  readonly maximum: number;
  /** At `quantileLevels`; empty without values. */
  readonly quantiles: readonly number[];
  readonly mad: number;
  /** Infinities are values, NaN is not. */
  readonly distinct: number;
  readonly unique: number;
  readonly top: readonly Counted[];
  readonly lowest: readonly Counted[];
  readonly highest: readonly Counted[];
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly monotonicity: Monotonicity;
  readonly steps: Steps;
}

/** Distances between neighbouring distinct values. */
export interface Steps {
  readonly median: number | null;
  /** Those above twice the mean. */
  readonly gaps: number;
  readonly longest: readonly [from: number, to: number] | null;
}

export interface ColumnsInput {
  readonly values: readonly Float64Array[];
  /** Whether each is a time: only there do distances mean anything, and they cost as much as all the rest. */
  readonly times: readonly boolean[];
  /** Of which columns a sample is wanted, and the places of its rows; null for all. */
  readonly sampled: readonly boolean[];
  readonly places: Uint32Array | null;
}

export interface DescribedColumn {
  readonly figures: ColumnFigures;
  /** In memory that threads share. */
  readonly sample: Float64Array | null;
}

export function describeColumns({ values, times, sampled, places }: ColumnsInput): DescribedColumn[] {
  const room = roomFor(values.reduce((most, { length }) => Math.max(most, length), 0));
  return values.map((column, i) => ({
    figures: describeColumn(column, times[i], room),
    sample: sampled[i] ? sampleOf(column, places) : null,
  }));
}

function sampleOf(values: Float64Array, places: Uint32Array | null): Float64Array {
  if (!places) return values;
  const sample = new Float64Array(new SharedArrayBuffer(8 * places.length));
  for (let i = 0; i < places.length; i += 1) sample[i] = values[places[i] ?? 0] ?? Number.NaN;
  return sample;
}

/** Memory that one column after another uses: to ask for as much again costs as much as to sort. */
interface Room extends Scratch {
  readonly finite: Float64Array;
}

const roomFor = (values: number): Room => ({ finite: new Float64Array(values), ...scratchFor(values) });

export function describeColumn(
  values: Float64Array,
  isTime = false,
  room: Room = roomFor(values.length),
): ColumnFigures {
  const { finite, missing, positive, negative } = split(values, room.finite);
  // Before the tally, which puts the values out of order.
  const shape = { ...moments(finite), monotonicity: monotonicityOf(finite) };
  const tally = tallyOf(finite, room);
  const infinite = [positive, negative].filter((count) => count > 0);
  const counted = countTimes(tally);
  return {
    ...shape,
    finite: finite.length,
    missing,
    infinities: positive + negative,
    zeros: countBelow(tally, 0, true) - countBelow(tally, 0),
    negatives: countBelow(tally, 0),
    minimum: tally.values[0] ?? Number.NaN,
    maximum: tally.values[tally.values.length - 1] ?? Number.NaN,
    quantiles: finite.length === 0 ? [] : quantileLevels.map((p) => quantileOf(tally, p)),
    mad: medianDistance(tally),
    distinct: tally.values.length + infinite.length,
    unique: counted.unique + infinite.filter((count) => count === 1).length,
    top: counted.top,
    lowest: endOf(tally, (at) => at),
    highest: endOf(tally, (at) => tally.values.length - 1 - at),
    ...histogram(tally),
    steps: isTime ? stepsOf(tally.values) : noSteps,
  };
}

function split(values: Float64Array, finite: Float64Array) {
  let [n, missing, positive, negative] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    // Infinite or no number: the difference from itself is no number either.
    if (value - value === 0) {
      // -0 and 0 are one value, which sorting would tell apart.
      finite[n] = value + 0;
      n += 1;
    } else if (Number.isNaN(value)) missing += 1;
    else if (value > 0) positive += 1;
    else negative += 1;
  }
  return { finite: finite.subarray(0, n), missing, positive, negative };
}

/** The commonest values, and how many occur once. */
function countTimes({ values, upTo }: Tally): { unique: number; top: Counted[] } {
  const top: Counted[] = [];
  let [unique, before, least] = [0, 0, 0];
  for (let at = 0; at < values.length; at += 1) {
    const times = (upTo[at] ?? 0) - before;
    before += times;
    if (times === 1) unique += 1;
    if (times > least) least = keepTop(top, values[at] ?? 0, times);
  }
  return { unique, top };
}

/** Of equal counts the smaller value comes first, and values arrive ascending. What the next must exceed comes back. */
function keepTop(top: Counted[], value: number, count: number): number {
  const before = top.findIndex(([, other]) => other < count);
  top.splice(before < 0 ? top.length : before, 0, [value, count]);
  if (top.length > shown) top.pop();
  return top[shown - 1]?.[1] ?? 0;
}

const endOf = (tally: Tally, place: (at: number) => number): Counted[] =>
  Array.from({ length: Math.min(shown, tally.values.length) }, (_, at) => [
    tally.values[place(at)] ?? 0,
    timesAt(tally, place(at)),
  ]);

const noSteps: Steps = { median: null, gaps: 0, longest: null };

function stepsOf(values: Float64Array): Steps {
  if (values.length < 2) return noSteps;
  const steps = new Float64Array(values.length - 1);
  let longest = 0;
  for (let i = 0; i < steps.length; i += 1) {
    steps[i] = (values[i + 1] ?? 0) - (values[i] ?? 0);
    if ((steps[i] ?? 0) > (steps[longest] ?? 0)) longest = i;
  }
  const mean = ((values[values.length - 1] ?? 0) - (values[0] ?? 0)) / steps.length;
  const tally = tallyOf(steps);
  const gaps = steps.length - countBelow(tally, 2 * mean, true);
  const ends = [values[longest] ?? 0, values[longest + 1] ?? 0] as const;
  return { median: quantileOf(tally, 0.5), gaps, longest: ends };
}

/**
 * Median of |x - median|. Distances grow from the median outwards, so the middle one is found by walking to both sides
 * instead of sorting anew.
 */
function medianDistance(tally: Tally): number {
  const n = countOf(tally);
  if (n === 0) return Number.NaN;
  const { values } = tally;
  const center = quantileOf(tally, 0.5);
  let right = placeOf(tally, countBelow(tally, center));
  let left = right - 1;
  let [before, distance, passed] = [0, 0, 0];
  const [lower, upper] = [(n - 1) >>> 1, n >>> 1];
  while (passed <= upper) {
    const toLeft = left >= 0 ? center - (values[left] ?? 0) : Number.POSITIVE_INFINITY;
    const toRight = right < values.length ? (values[right] ?? 0) - center : Number.POSITIVE_INFINITY;
    const isLeft = toLeft < toRight;
    distance = isLeft ? toLeft : toRight;
    if (passed <= lower) before = distance;
    passed += timesAt(tally, isLeft ? left : right);
    if (isLeft) left -= 1;
    else right += 1;
  }
  return lower === upper ? distance : (before + distance) / 2;
}

function monotonicityOf(values: Float64Array): Monotonicity {
  if (values.length < 2) return 'none';
  let [up, down, level] = [0, 0, 0];
  for (let i = 1; i < values.length; i += 1) {
    const before = values[i - 1] ?? 0;
    const value = values[i] ?? 0;
    if (value > before) up += 1;
    else if (value < before) down += 1;
    else level += 1;
    if (up > 0 && down > 0) return 'none';
  }
  if (up === 0 && down === 0) return 'constant';
  if (down === 0) return level === 0 ? 'strictlyIncreasing' : 'increasing';
  return level === 0 ? 'strictlyDecreasing' : 'decreasing';
}
