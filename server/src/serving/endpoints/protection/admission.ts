/**
 * Who is let in to an endpoint when more come than it can answer. A queue is bounded by how long it takes, not only by
 * its length: then those who are let in are answered about as fast as ever, and the others learn at once when to come
 * again. A short rush is taken in whole. Time and load come from outside.
 */
import type { Priority } from '@tidemill/contract';

/** What a newcomer would find. */
export interface Pressure {
  /** Whether the model can take no further call now. */
  readonly isBusy: boolean;
  /** Requests that wait for a call to the model. */
  readonly waiting: number;
  /** What the model takes for all that wait, together. */
  readonly waitingMs: number;
  /** What it takes for one more request as they usually are; 0 while nothing is known. */
  readonly serviceMs: number;
  /** What the last turn of the event loop took. */
  readonly loopMs: number;
}

export interface AdmissionLimits {
  /** Requests under way at once, whatever they wait for. */
  readonly maxQueue: number;
  /** Time a request has. */
  readonly timeoutMs: number;
}

export interface Refusal {
  readonly reason: string;
  readonly retryAfterSeconds: number;
}

export interface Admission {
  /** Null: let in, and to be told of by `leave`. */
  tryEnter(priority: Priority, pressure: Pressure, at: number): Refusal | null;
  /** The same without being let in: what `tryEnter` would say now. */
  check(priority: Priority, pressure: Pressure, at: number): Refusal | null;
  leave(at: number): void;
  /** Other limits from now on; who is in stays in. */
  limit(limits: AdmissionLimits): void;
  underWay(): number;
  /** How many were refused since the start. */
  refused(): number;
  /** Answers a second, as of late; null while nothing is known. */
  rate(at: number): number | null;
}

/** So many may wait, however long the model takes: as many as a small service has connections. */
const usuallyWaiting = 16;
/** With fewer under way a slow turn of the loop is something else's fault. */
const usuallyUnderWay = 64;
/** A queue shorter than this is nobody's trouble. */
const shortMs = 5;
/** So long after the model last had nothing to do, more are let in than can be answered at once. */
const rushMs = 50;
/** Low is refused first, high last. */
const share: Readonly<Record<Priority, number>> = { low: 0.25, normal: 1, high: 2 };
/** What is left of the queue to each. */
const places: Readonly<Record<Priority, number>> = { low: 0.5, normal: 0.9, high: 1 };
const longestPauseSeconds = 60;

export function createAdmission(initial: AdmissionLimits): Admission {
  let limits = initial;
  let underWay = 0;
  let refused = 0;
  let calmAt = Number.NEGATIVE_INFINITY;
  const answers = createRate();

  function check(priority: Priority, pressure: Pressure, at: number): Refusal | null {
    const room = Math.max(1, Math.floor(limits.maxQueue * places[priority]));
    if (underWay >= room) return refuse(`${underWay} requests are under way`, at);
    const { isBusy, waiting, waitingMs, serviceMs, loopMs } = pressure;
    const part = share[priority];
    const loopLimit = 2 * shortMs + 1.5 * usuallyWaiting * serviceMs;
    if (!isBusy && loopMs <= shortMs / 2 + serviceMs) calmAt = at;
    const isLong = waiting >= usuallyWaiting * part && waitingMs > (shortMs + 1.5 * serviceMs) * part;
    const isLate = underWay >= usuallyUnderWay * part && loopMs > loopLimit * part;
    if (!isLong && !isLate) return null;
    const isRush = at - calmAt <= rushMs && waitingMs <= limits.timeoutMs / 2 && priority !== 'low';
    if (isRush) return null;
    const why = isLong
      ? `${waiting} requests wait, which takes ${Math.round(waitingMs)} ms`
      : `the server is ${Math.round(loopMs)} ms behind`;
    return refuse(why, at);
  }

  function refuse(reason: string, at: number): Refusal {
    const perSecond = answers.perSecond(at);
    const seconds = perSecond === null ? 1 : Math.ceil(underWay / perSecond);
    return { reason, retryAfterSeconds: Math.min(longestPauseSeconds, Math.max(1, seconds)) };
  }

  const count = (refusal: Refusal | null): Refusal | null => {
    if (refusal) refused++;
    return refusal;
  };

  return {
    check: (priority, pressure, at) => count(check(priority, pressure, at)),
    tryEnter(priority, pressure, at) {
      const refusal = count(check(priority, pressure, at));
      if (!refusal) underWay++;
      return refusal;
    },
    leave(at) {
      underWay--;
      answers.count(at);
    },
    limit(next) {
      limits = next;
    },
    underWay: () => underWay,
    refused: () => refused,
    rate: (at) => answers.perSecond(at),
  };
}

/** Answers a second over the last whole second, or over this one while it is the first. */
function createRate() {
  let since = Number.NEGATIVE_INFINITY;
  let counted = 0;
  let last: number | null = null;

  return {
    count(at: number): void {
      const passed = at - since;
      if (passed >= 1000) {
        last = passed < 2000 ? (counted * 1000) / passed : null;
        since = at;
        counted = 0;
      }
      counted++;
    },
    perSecond(at: number): number | null {
      if (last !== null && at - since < 2000) return last;
      const passed = at - since;
      return counted > 0 && passed >= 100 ? (counted * 1000) / passed : null;
    },
  };
}
