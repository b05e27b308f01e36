/**
 * Stops asking a model that fails too often, and lets it in again by trial. Time comes from outside, so all of it is
 * a function of what was reported when.
 */

export interface BreakerPolicy {
  /** How far back failures count. */
  readonly windowMs: number;
  /** Fewer answers than this in the window prove nothing. */
  readonly minimum: number;
  /** Share of failures in the window that opens it. */
  readonly openAt: number;
  /** Trials that must succeed, one after another, until it closes. */
  readonly trials: number;
  /** How long it stays open the first time; doubled each time a trial fails, or it opens again soon after closing. */
  readonly pauseMs: number;
  readonly mostPauseMs: number;
  /** A trial nobody reported on for so long is given up. */
  readonly trialMs: number;
}

export const usualBreaker: BreakerPolicy = {
  windowMs: 10_000,
  minimum: 20,
  openAt: 0.5,
  trials: 3,
  pauseMs: 1_000,
  mostPauseMs: 30_000,
  trialMs: 10_000,
};

export type BreakerState = 'closed' | 'open' | 'half-open';

/** `neither` says nothing of the model: the caller left, or gave it less time than the endpoint does. */
export type Report = 'success' | 'failure' | 'neither';

export interface BreakerChange {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly at: number;
  /** What was in the window when it opened, or why it opened again. */
  readonly reason: string;
}

/** Let in; hand it back with the report. Anything below 0 was refused. */
export type Pass = number;
export const refused: Pass = -1;

export interface Breaker {
  tryPass(at: number): Pass;
  report(pass: Pass, report: Report, at: number): void;
  state(): BreakerState;
  /** When the next trial is let in, while it is open. */
  readonly retryAt: number | null;
}

const slots = 10;

export function createBreaker(
  policy: BreakerPolicy = usualBreaker,
  onChange: (change: BreakerChange) => void = () => undefined,
): Breaker {
  const slotMs = policy.windowMs / slots;
  const successes = new Uint32Array(slots);
  const failures = new Uint32Array(slots);
  let slot = Number.NEGATIVE_INFINITY;
  let state: BreakerState = 'closed';
  /** Reports on requests let in before the last change say nothing of now. */
  let epoch = 0;
  let pauseMs = policy.pauseMs;
  let retryAt = 0;
  let closedAt = Number.NEGATIVE_INFINITY;
  let succeeded = 0;
  let trialSince: number | null = null;

  function forgetUntil(at: number): void {
    const now = Math.floor(at / slotMs);
    // A clock set back counts on in the slot it was in.
    if (now <= slot) return;
    // Each slot is the rest of its number, so those passed over are emptied.
    for (let i = Math.max(slot + 1, now - slots + 1); i <= now; i++) {
      successes[i % slots] = 0;
      failures[i % slots] = 0;
    }
    slot = now;
  }

  function move(to: BreakerState, at: number, reason: string): void {
    const from = state;
    state = to;
    epoch++;
    succeeded = 0;
    trialSince = null;
    onChange({ from, to, at, reason });
  }

  function open(at: number, reason: string): void {
    retryAt = at + pauseMs;
    pauseMs = Math.min(policy.mostPauseMs, pauseMs * 2);
    move('open', at, reason);
  }

  function close(at: number): void {
    successes.fill(0);
    failures.fill(0);
    closedAt = at;
    move('closed', at, `${policy.trials} trials succeeded`);
  }

  function count(report: Report, at: number): void {
    forgetUntil(at);
    const i = slot % slots;
    if (report === 'success') {
      successes[i] = (successes[i] ?? 0) + 1;
      // Good for a whole window: what was before is forgiven.
      if (pauseMs > policy.pauseMs && at - closedAt > policy.windowMs) pauseMs = policy.pauseMs;
      return;
    }
    failures[i] = (failures[i] ?? 0) + 1;
    const failed = failures.reduce((sum, value) => sum + value, 0);
    const all = failed + successes.reduce((sum, value) => sum + value, 0);
    if (all < policy.minimum || failed / all < policy.openAt) return;
    open(at, `${failed} of ${all} answers failed within ${policy.windowMs / 1000} s`);
  }

  function tryTrial(at: number): Pass {
    if (trialSince !== null && at - trialSince < policy.trialMs) return refused;
    // A report on the one given up must not count for the one that follows.
    if (trialSince !== null) epoch++;
    trialSince = at;
    return epoch;
  }

  function endTrial(report: Report, at: number): void {
    trialSince = null;
    if (report === 'failure') open(at, 'a trial failed');
    else if (report === 'success' && ++succeeded >= policy.trials) close(at);
  }

  return {
    tryPass(at) {
      if (state === 'closed') return epoch;
      if (state === 'half-open') return tryTrial(at);
      if (at < retryAt) return refused;
      move('half-open', at, 'its pause is over');
      return tryTrial(at);
    },
    report(pass, report, at) {
      if (pass !== epoch) return;
      if (state === 'half-open') endTrial(report, at);
      else if (state === 'closed' && report !== 'neither') count(report, at);
    },
    state: () => state,
    get retryAt() {
      return state === 'open' ? retryAt : null;
    },
  };
}
