/**
 * The values of a view with aggregations for one entity at T, from the events that the online store has of it: what the
 * join of `window-join.ts` gives a training set there. Nothing is written when time passes; values age by being computed.
 */
import type { Aggregation, Column, FeatureView } from '@tidemill/contract';
import { type EventList, type OnlineValues, parseEventList } from '../../../adapters/online/online.ts';
import { durationMs } from '../../../base/duration.ts';
import { ExactSums } from '../../../base/statistics/exact-sums.ts';
import { everyEvent, longestWindowUs } from '../aggregations.ts';
import { eventValue, spellValue, type Value } from './event-values.ts';

/** Of one entity in its view's longest window; a look-up reads them all. */
export const mostEvents = 10_000;

/** Servers' clocks differ a little, so what has just left the window is kept. */
const marginUs = 600_000_000;

/** Epoch microseconds; events up to then are in no window any more. */
export const oldestKept = ({ aggregations }: Pick<FeatureView, 'aggregations'>, now: number): number =>
  Math.trunc(now) * 1000 - longestWindowUs(aggregations) - marginUs;

interface Taken {
  readonly function: Aggregation['function'];
  /** Microseconds. */
  readonly width: number;
  /** Which of the inputs; -1 for the events themselves. */
  readonly input: number;
  readonly k: number;
  /** Of the input. */
  readonly type: Column['type'];
  /** Of the feature. */
  readonly gives: Column['type'];
}

/** What is read of a view with aggregations, prepared once. */
export interface WindowRead {
  readonly inputs: readonly Column[];
  readonly hasVersions: boolean;
  readonly widest: number;
  readonly taken: readonly Taken[];
}

export interface WindowValues {
  /** JSON, one text for each of the view's features. */
  readonly texts: readonly string[];
  /** Whether any event of the entity was known by then. */
  readonly isThere: boolean;
  /** Microseconds: of the newest event that counts or counted. */
  readonly eventTime: number | null;
}

/** Events in the order of time, versions of one event in that in which they became known; parallel to each other. */
interface Events {
  readonly list: EventList;
  readonly times: readonly number[];
  readonly created: readonly number[];
  /** Per input. */
  readonly columns: readonly (readonly Value[])[];
}

export function toWindowRead({
  aggregations,
  inputs,
  createdTime,
  features,
}: Pick<FeatureView, 'aggregations' | 'inputs' | 'createdTime' | 'features'>): WindowRead | null {
  if (aggregations.length === 0) return null;
  const taken = aggregations.map(({ function: how, column, window, k = 1 }, i): Taken => {
    const input = column === everyEvent ? -1 : inputs.findIndex(({ name }) => name === column);
    return {
      ...{ function: how, width: durationMs(window) * 1000, input, k },
      type: inputs[input]?.type ?? 'integer',
      gives: features[i]?.type ?? 'integer',
    };
  });
  return { inputs, hasVersions: createdTime !== null, widest: longestWindowUs(aggregations), taken };
}

/** Rows that were read before may be given again: then their events need not be read again. */
const parsed = new WeakMap<OnlineValues, Events>();

/** @param at microseconds: T */
export function windowValues(read: WindowRead, held: OnlineValues | null, at: number): WindowValues {
  const events = held && eventsOf(read, held);
  const counted = events === null ? [] : countedAt(read, events, at);
  const within = createWithin(events, counted, at);
  const texts = read.taken.map((each) => spellTaken(each, aggregateOf(each, within(each))));
  const first = events?.list.first ?? null;
  const isThere = first !== null && first <= at;
  const newest = counted[0] === undefined ? (held?.eventTime ?? null) : (events?.times[counted[0]] ?? null);
  return { texts, isThere, eventTime: isThere && newest !== null && newest <= at ? newest : null };
}

/** How many events, and versions of them, are held that happened after that time. */
export function countEvents(read: WindowRead, held: OnlineValues | null, before: number): number {
  if (held === null) return 0;
  const { times } = eventsOf(read, held);
  return times.length - endAt(times, before);
}

function eventsOf(read: WindowRead, held: OnlineValues): Events {
  const known = parsed.get(held);
  if (known) return known;
  const list = parseEventList(held.values);
  const appended = JSON.parse(`[${list.entries.map(({ event }) => event).join(',')}]`) as EventRow[];
  const rows = (JSON.parse(list.base) as EventRow[]).concat(appended);
  const order = (a: EventRow, b: EventRow) => compareRows(read.inputs, a, b);
  if (!isSorted(rows, order)) rows.sort(order);
  const events = {
    list,
    times: rows.map(([time]) => time),
    created: rows.map(([time, later]) => time + later),
    columns: read.inputs.map(({ type }, i) => rows.map((row) => eventValue(type, row[i + 2]))),
  };
  parsed.set(held, events);
  return events;
}

/** When it happened, how much later it was known, and the values of the inputs. */
type EventRow = readonly [number, number, ...unknown[]];

function isSorted(rows: readonly EventRow[], order: (a: EventRow, b: EventRow) => number): boolean {
  for (let i = 1; i < rows.length; i++)
    if (order(rows[i - 1] as EventRow, rows[i] as EventRow) > 0) return false;
  return true;
}

/** Of versions that are equal in all else the greater values are the later one; nothing is less than any value. */
function compareRows(inputs: readonly Column[], a: EventRow, b: EventRow): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  if (a[1] !== b[1]) return a[1] - b[1];
  for (const [i, { type }] of inputs.entries()) {
    const order = compareValues(eventValue(type, a[i + 2]), eventValue(type, b[i + 2]));
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  return a < b ? -1 : 1;
}

/** By code points, as the engine does. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Halves of a pair stand for characters beyond all single ones. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Which events the longest window has at T, in their version of then, the newest first. */
function countedAt({ widest, hasVersions }: WindowRead, { times, created }: Events, at: number): number[] {
  const counted: number[] = [];
  let last = Number.POSITIVE_INFINITY;
  for (let i = endAt(times, at) - 1; i >= 0; i--) {
    const time = times[i] as number;
    if (time <= at - widest) break;
    if (hasVersions) {
      if (time === last || (created[i] as number) > at) continue;
      last = time;
    }
    counted.push(i);
  }
  return counted;
}

/** How many events happened by then. */
function endAt(times: readonly number[], at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What of one input lies in one window, the newest first. */
interface Within {
  /** With those that have no value. */
  readonly events: number;
  readonly values: readonly Value[];
  /** Parallel to the values. */
  readonly times: readonly number[];
}

/** Aggregations of the same input and window share what they read. */
function createWithin(events: Events | null, counted: readonly number[], at: number) {
  const found = new Map<string, Within>();
  return ({ input, width }: Taken): Within => {
    const name = `${input} ${width}`;
    const known = found.get(name);
    if (known) return known;
    const fresh = events === null ? nothingWithin : readWithin(events, counted, input, at - width);
    found.set(name, fresh);
    return fresh;
  };
}

const nothingWithin: Within = { events: 0, values: [], times: [] };

function readWithin(
  { times, columns }: Events,
  counted: readonly number[],
  input: number,
  since: number,
): Within {
  const column = columns[input];
  const [values, at]: [Value[], number[]] = [[], []];
  let events = 0;
  for (const i of counted) {
    const time = times[i] as number;
    if (time <= since) break;
    events += 1;
    const value = column?.[i] ?? null;
    if (value === null) continue;
    values.push(value);
    at.push(time);
  }
  return { events, values, times: at };
}

type Result = Value | readonly Value[];

function aggregateOf(taken: Taken, { events, values, times }: Within): Result {
  const { function: how, input, type } = taken;
  if (how === 'count') return input === -1 ? events : values.length;
  if (how === 'distinct') return new Set(values).size;
  if (values.length === 0) return null;
  if (how === 'last') return newestOf(taken, times, values);
  if (how === 'min') return least(values, 1);
  if (how === 'max') return least(values, -1);
  if (how === 'sum' && type === 'integer') return wholeSum(values);
  const sums = exactSums(values, how === 'std');
  return how === 'sum' ? sums.sum() : how === 'mean' ? sums.mean() : sums.deviation();
}

function least(values: readonly Value[], sign: 1 | -1): Value {
  let found = values[0] as Value;
  for (const value of values) if (compareValues(value, found) * sign < 0) found = value;
  return found;
}

/** Of several at one time the greater first. */
function newestOf({ k }: Taken, times: readonly number[], values: readonly Value[]): Result {
  let end = Math.min(k, values.length);
  while (end < values.length && times[end] === times[end - 1]) end += 1;
  const order = values.slice(0, end).map((value, i) => ({ value, time: times[i] as number }));
  order.sort((a, b) => b.time - a.time || compareValues(b.value, a.value));
  if (k === 1) return order[0]?.value ?? null;
  return order.slice(0, k).map(({ value }) => value);
}

/** Exact, however large. */
function wholeSum(values: readonly Value[]): number | bigint {
  let sum = 0;
  for (const value of values) {
    if (typeof value !== 'number' || !Number.isSafeInteger(sum + value)) {
      return values.reduce((total: bigint, each) => total + BigInt(each as number | bigint), 0n);
    }
    sum += value;
  }
  return sum;
}

/** What `window-join.ts` gives, to the last digit. */
function exactSums(values: readonly Value[], squares: boolean): ExactSums {
  const sums = new ExactSums({ squares });
  for (const value of values) {
    const double = Number(value);
    sums.add(double, typeof value === 'bigint' ? Number(value - BigInt(double)) : 0);
  }
  return sums;
}

function spellTaken({ type, gives }: Taken, result: Result): string {
  if (result === null) return 'null';
  if (typeof result !== 'object') return spellValue(gives, result);
  return JSON.stringify(`[${result.map((value) => spellValue(type, value)).join(',')}]`);
}
