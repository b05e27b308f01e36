import { quantileOfSorted } from '../../../base/statistics/summary.ts';
import { sortMagnitudes } from './radix-sort.ts';

/** The distinct values, ascending, and how many of all values are at most each of them. */
export interface Tally {
  readonly values: Float64Array;
  readonly upTo: Uint32Array;
}

const bins = 30;
/** Whole numbers in a narrow range are counted, up to so many slots for each value. */
const slotsPerValue = 2;
/** So few distinct values are counted one by one, in a table with four slots for each. */
const fewDistinct = 4_096;
const tableBits = 14;

/** Memory that one column after another uses. */
export interface Scratch {
  readonly spare: Float64Array;
  readonly upTo: Uint32Array;
}

export const scratchFor = (values: number): Scratch => ({
  spare: new Float64Array(values),
  upTo: new Uint32Array(values),
});

/**
 * Of finite values, none of them -0, in any order. They are overwritten, and what comes back lies in them or in the
 * scratch.
 */
export function tallyOf(values: Float64Array, scratch = scratchFor(values.length)): Tally {
  return countedSlots(values, scratch) ?? countedFew(values, scratch) ?? sorted(values, scratch);
}

export const countOf = ({ upTo }: Tally): number => upTo[upTo.length - 1] ?? 0;

/** How often the distinct value at this place occurs. */
export const timesAt = ({ upTo }: Tally, at: number): number =>
  (upTo[at] ?? 0) - (at === 0 ? 0 : (upTo[at - 1] ?? 0));

/** How many values are below a value, or at most it. */
export function countBelow({ values, upTo }: Tally, value: number, orEqual = false): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = values[middle] ?? 0;
    if (found < value || (orEqual && found === value)) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : (upTo[low - 1] ?? 0);
}

/** The place among the distinct values of the value at a position of the sorted ones. */
export function placeOf({ upTo }: Tally, position: number): number {
  let [low, high] = [0, upTo.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((upTo[middle] ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Interpolated as `quantileOfSorted` does, without the sorted values. */
export function quantileOf(tally: Tally, p: number): number {
  const position = p * (countOf(tally) - 1);
  const below = Math.floor(position);
  const low = tally.values[placeOf(tally, below)] ?? Number.NaN;
  const high = tally.values[placeOf(tally, below + 1)] ?? low;
  return quantileOfSorted(Float64Array.of(low, high), position - below);
}

/** Equal bins from the least to the greatest, the last one closed (numpy.histogram); one bin for a constant. */
export function histogram(tally: Tally): { edges: number[]; counts: number[] } {
  const { values } = tally;
  if (values.length === 0) return { edges: [], counts: [] };
  const [low, high] = [values[0] ?? 0, values[values.length - 1] ?? 0];
  const usable = Number.isFinite(high - low) && low + (high - low) / bins > low;
  const size = usable ? bins : 1;
  const edges = Array.from({ length: size + 1 }, (_, k) =>
    k === size ? high : k * ((high - low) / size) + low,
  );
  const starts = edges.map((edge, k) => (k === size ? countOf(tally) : countBelow(tally, edge)));
  return { edges, counts: edges.slice(1).map((_, k) => (starts[k + 1] ?? 0) - (starts[k] ?? 0)) };
}

const taken = (distinct: Float64Array, upTo: Uint32Array, size: number): Tally => ({
  values: distinct.subarray(0, size),
  upTo: upTo.subarray(0, size),
});

function countedSlots(values: Float64Array, scratch: Scratch): Tally | null {
  const [low, slots] = countable(values);
  if (!(slots > 0)) return null;
  const counts = new Uint32Array(slots);
  for (let i = 0; i < values.length; i += 1) {
    const slot = (values[i] ?? 0) - low;
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  let [size, total] = [0, 0];
  for (let slot = 0; slot < slots; slot += 1) {
    const count = counts[slot] ?? 0;
    if (count === 0) continue;
    total += count;
    scratch.spare[size] = low + slot;
    scratch.upTo[size] = total;
    size += 1;
  }
  return taken(scratch.spare, scratch.upTo, size);
}

/** The least value and how many slots counting takes; none where it would not pay or not be exact. */
function countable(values: Float64Array): [low: number, slots: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const most = slotsPerValue * values.length;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (value < low) low = value;
    if (value > high) high = value;
    if (high - low >= most || Math.trunc(value) !== value) return [0, 0];
  }
  return Math.max(-low, high) <= Number.MAX_SAFE_INTEGER ? [low, high - low + 1] : [0, 0];
}

/** A table of values and counts; null when there are more than a few. */
function countedFew(values: Float64Array, scratch: Scratch): Tally | null {
  const slots = 1 << tableBits;
  const [keys, counts] = [new Float64Array(slots), new Uint32Array(slots)];
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  let size = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    let slot = slotOf(words[2 * i] ?? 0, words[2 * i + 1] ?? 0);
    while ((counts[slot] ?? 0) > 0 && keys[slot] !== value) slot = (slot + 1) & (slots - 1);
    if ((counts[slot] ?? 0) === 0) {
      if (size === fewDistinct) return null;
      keys[slot] = value;
      size += 1;
    }
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  return ordered(keys, counts, scratch, size);
}

const slotOf = (low: number, high: number): number =>
  (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> (32 - tableBits);

function ordered(keys: Float64Array, counts: Uint32Array, scratch: Scratch, size: number): Tally {
  const places = [...counts.keys()].filter((slot) => (counts[slot] ?? 0) > 0);
  places.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
  let total = 0;
  places.forEach((slot, at) => {
    total += counts[slot] ?? 0;
    scratch.spare[at] = keys[slot] ?? 0;
    scratch.upTo[at] = total;
  });
  return taken(scratch.spare, scratch.upTo, size);
}

/** The sizes of negative values are sorted apart from the rest. */
function sorted(values: Float64Array, { spare, upTo }: Scratch): Tally {
  const negatives = negativesFirst(values);
  const part = (from: number, to: number) =>
    sortMagnitudes(values.subarray(from, to), spare.subarray(from, to));
  const below = part(0, negatives).reverse();
  const above = part(negatives, values.length);
  let size = 0;
  // Written over what is being read, wherever it lies: no value moves up.
  const note = (value: number, position: number): void => {
    const at = size > 0 && values[size - 1] === value ? size - 1 : size;
    values[at] = value;
    upTo[at] = position;
    size = at + 1;
  };
  for (let i = 0; i < below.length; i += 1) note(-(below[i] ?? 0), i + 1);
  for (let i = 0; i < above.length; i += 1) note(above[i] ?? 0, negatives + i + 1);
  return taken(values, upTo, size);
}

/** As positive numbers, in front of those that are positive anyway; how many they are comes back. */
function negativesFirst(values: Float64Array): number {
  let negatives = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (!(value < 0)) continue;
    values[i] = values[negatives] ?? 0;
    values[negatives] = -value;
    negatives += 1;
  }
  return negatives;
}
