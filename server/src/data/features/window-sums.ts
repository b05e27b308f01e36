/**
 * Sums, means and deviations of windows that end at entity rows, in one walk through events and rows in the order of key
 * and time. What enters a window is added and what leaves it is taken away, exactly (`ExactSums`): so the work grows with
 * events and rows, whatever the length of windows, and nothing but the values in a window decides what it gives.
 */
import type { Int64Rows, RowWriter } from '../../adapters/analytics/analytics.ts';
import { ExactSums } from '../../base/statistics/exact-sums.ts';

export type Summed = 'sum' | 'mean' | 'std';

export interface WindowSum {
  readonly function: Summed;
  /** Microseconds. */
  readonly width: number;
  /** Which of the inputs. */
  readonly input: number;
}

/** What stands in an event's place for the number of an entity row: events come before the rows of their time. */
export const noRow = -1;

/** Of a key, in the order of time. Times are kept in two halves, since one number does not hold every microsecond. */
interface Events {
  high: Float64Array;
  low: Float64Array;
  /** Per input its values, NaN for none, and what a whole number is more than that double. */
  readonly values: Float64Array[];
  readonly rests: Float64Array[];
  end: number;
}

/** Results of the same input and window. */
interface Window {
  readonly width: number;
  readonly input: number;
  readonly sums: ExactSums;
  readonly results: { readonly function: Summed; readonly place: number }[];
  /** The first event that has not left. */
  start: number;
}

/**
 * Columns that it reads: key, time, number of the entity row or `noRow`, and two doubles per input. It writes the number
 * of the row and one double per result, NaN for none.
 */
export function windowSums(
  wanted: readonly WindowSum[],
  inputs: number,
): (rows: Int64Rows, made: RowWriter) => void {
  const windows = windowsOf(wanted);
  const events = noEvents(inputs);
  let key: bigint | null = null;

  function startKey(next: bigint): void {
    key = next;
    events.end = 0;
    for (const window of windows) {
      window.start = 0;
      window.sums.clear();
    }
  }

  return ({ count, columns }, made) => {
    const [keys, times, numbers, ...read] = columns;
    const [rows, ...written] = made.columns;
    if (!keys || !times || !numbers || !rows) return;
    const halves = new Int32Array(times.buffer, times.byteOffset, count * 2);
    const values = read.map(asDoubles);
    const results = written.map(asDoubles);
    for (let i = 0; i < count; i += 1) {
      if (keys[i] !== key) startKey(keys[i] as bigint);
      const [low, high] = [(halves[i * 2] as number) >>> 0, halves[i * 2 + 1] as number];
      for (const window of windows) leave(window, events, high, low);
      if (numbers[i] === BigInt(noRow)) {
        hold(events, windows, { high, low, values, at: i });
        continue;
      }
      const place = made.next();
      rows[place] = numbers[i] as bigint;
      for (const window of windows) tell(window, results, place);
    }
  };
}

const asDoubles = (column: BigInt64Array): Float64Array =>
  new Float64Array(column.buffer, column.byteOffset, column.length);

function windowsOf(wanted: readonly WindowSum[]): Window[] {
  const named = new Map<string, Window>();
  for (const [place, { function: how, width, input }] of wanted.entries()) {
    const name = `${input} ${width}`;
    const squares = wanted.some((each) => each.function === 'std' && `${each.input} ${each.width}` === name);
    const window = named.get(name) ?? {
      width,
      input,
      sums: new ExactSums({ squares }),
      results: [],
      start: 0,
    };
    window.results.push({ function: how, place });
    named.set(name, window);
  }
  return [...named.values()];
}

const atFirst = 1_024;

function noEvents(inputs: number): Events {
  const columns = () => Array.from({ length: inputs }, () => new Float64Array(atFirst));
  const [high, low] = [new Float64Array(atFirst), new Float64Array(atFirst)];
  return { high, low, values: columns(), rests: columns(), end: 0 };
}

function leave(
  window: Window,
  { high, low, values, rests, end }: Events,
  highNow: number,
  lowNow: number,
): void {
  const { width, sums } = window;
  const [held, rest] = [values[window.input] as Float64Array, rests[window.input] as Float64Array];
  let { start } = window;
  // Exact where it is near the width; where it is far only which of the two is greater matters.
  while (
    start < end &&
    (highNow - (high[start] as number)) * 2 ** 32 + (lowNow - (low[start] as number)) >= width
  ) {
    const value = held[start] as number;
    if (!Number.isNaN(value)) sums.remove(value, rest[start]);
    start += 1;
  }
  window.start = start;
}

interface Read {
  readonly high: number;
  readonly low: number;
  /** Two columns per input. */
  readonly values: readonly Float64Array[];
  readonly at: number;
}

function hold(events: Events, windows: readonly Window[], { high, low, values, at }: Read): void {
  if (events.end === events.high.length) makeRoom(events, windows);
  const place = events.end;
  events.end += 1;
  events.high[place] = high;
  events.low[place] = low;
  for (let i = 0; i < events.values.length; i += 1) {
    (events.values[i] as Float64Array)[place] = (values[i * 2] as Float64Array)[at] as number;
    (events.rests[i] as Float64Array)[place] = (values[i * 2 + 1] as Float64Array)[at] as number;
  }
  for (const { sums, input } of windows) {
    const value = (events.values[input] as Float64Array)[place] as number;
    if (!Number.isNaN(value)) sums.add(value, (events.rests[input] as Float64Array)[place]);
  }
}

/** Forgets what has left every window; where that is little, the room doubles. */
function makeRoom(events: Events, windows: readonly Window[]): void {
  const start = Math.min(...windows.map((window) => window.start));
  const size = start < events.end / 2 ? events.end * 2 : events.high.length;
  const moved = (column: Float64Array): Float64Array => {
    const fresh = new Float64Array(size);
    fresh.set(column.subarray(start, events.end));
    return fresh;
  };
  events.high = moved(events.high);
  events.low = moved(events.low);
  for (const columns of [events.values, events.rests])
    for (const [i, column] of columns.entries()) columns[i] = moved(column);
  events.end -= start;
  for (const window of windows) window.start -= start;
}

function tell({ sums, results }: Window, written: readonly Float64Array[], place: number): void {
  for (const { function: how, place: column } of results) {
    const value = how === 'sum' ? sums.sum() : how === 'mean' ? sums.mean() : sums.deviation();
    (written[column] as Float64Array)[place] = value ?? Number.NaN;
  }
}
