import type { Rollout, RolloutPolicy } from '@tidemill/contract';
import type { SequentialDecision } from '../../base/statistics/paired-test.ts';
import type { Pair } from '../predictions/service.ts';

export type Stage = Rollout['stage'];
export type ActiveStage = 'shadow' | 'canary';
export type Policy = Required<RolloutPolicy>;
type Comparison = NonNullable<Rollout['evidence']>;

export const isActive = (stage: Stage): stage is ActiveStage => stage === 'shadow' || stage === 'canary';

export function toPolicy(policy: RolloutPolicy = {}): Policy {
  const minimumPairs = policy.minimumPairs ?? 60;
  return {
    minimumPairs,
    alpha: policy.alpha ?? 0.05,
    canaryWeight: policy.canaryWeight ?? 0.2,
    canaryPairs: policy.canaryPairs ?? 20,
    guardRatio: policy.guardRatio ?? 5,
    maximumPairs: policy.maximumPairs ?? 16 * minimumPairs,
  };
}

export interface Evidence {
  readonly stage: ActiveStage;
  readonly policy: Policy;
  /** All units since the rollout began. */
  readonly pairs: readonly Pair[];
  /** Those since the canary began. */
  readonly canaryPairs: readonly Pair[];
  /** Largest and number of the champion's known errors, from before the rollout on. */
  readonly championWorst: number;
  readonly championErrors: number;
  /** Answers the candidate failed to give while it was asked for them. */
  readonly failures: { readonly count: number; readonly reason: string | null };
  readonly decision: SequentialDecision;
  readonly canaryDecision: SequentialDecision;
}

export interface Judgement {
  readonly next: Stage;
  readonly text: string;
}

/** Fewer errors than this are no yardstick for an error that stands out. */
const guardErrors = 5;

/** What the evidence says now; `next` equals the stage while there is nothing to do. */
export function judge(evidence: Evidence): Judgement {
  const { stage, policy, pairs, canaryPairs, decision } = evidence;
  const alarm = guardAlarm(evidence) ?? failureAlarm(evidence);
  if (alarm) return { next: 'rolled-back', text: alarm };
  const stay: Judgement = { next: stage, text: holdText(evidence) };
  if (decision.verdict === 'candidate-worse') {
    return { next: stage === 'shadow' ? 'rejected' : 'rolled-back', text: verdictText(decision) };
  }
  if (stage === 'canary' && evidence.canaryDecision.verdict === 'candidate-worse') {
    return { next: 'rolled-back', text: `in canary: ${verdictText(evidence.canaryDecision)}` };
  }
  if (decision.verdict === 'candidate-better') {
    if (stage === 'shadow') return { next: 'canary', text: verdictText(decision) };
    if (canaryPairs.length >= policy.canaryPairs) {
      return {
        next: 'promoted',
        text: `${verdictText(decision)}; ${canaryPairs.length} pairs in canary without harm`,
      };
    }
    return stay;
  }
  if (pairs.length >= policy.maximumPairs) {
    return {
      next: 'expired',
      text: `INCONCLUSIVE after ${pairs.length} pairs: neither is shown to be better`,
    };
  }
  return stay;
}

function guardAlarm({
  stage,
  policy,
  pairs,
  canaryPairs,
  championWorst,
  championErrors,
}: Evidence): string | null {
  if (championErrors < guardErrors || championWorst <= 0) return null;
  const limit = policy.guardRatio * championWorst;
  const worst = (stage === 'canary' ? [...pairs, ...canaryPairs] : pairs).find(
    (pair) => pair.candidateError > limit,
  );
  if (!worst) return null;
  const day = new Date(worst.eventTime).toISOString().slice(0, 10);
  return `GUARD: an error of ${format(worst.candidateError)} for ${worst.key} on ${day} is over ${policy.guardRatio} times the live model's worst (${format(championWorst)})`;
}

function failureAlarm({ stage, failures }: Evidence): string | null {
  if (stage !== 'canary' || failures.count === 0) return null;
  return `GUARD: the candidate failed to answer ${failures.count} times in canary (${failures.reason ?? 'no reason known'})`;
}

function holdText({ stage, policy, pairs, canaryPairs, decision }: Evidence): string {
  if (decision.verdict === 'candidate-better') {
    return `BETTER: ${canaryPairs.length} of ${policy.canaryPairs} pairs in ${stage}, hold`;
  }
  const next = nextLook(policy.minimumPairs, pairs.length);
  return `INCONCLUSIVE: ${pairs.length} of ${next} pairs, hold`;
}

/** Looks are at minimumPairs, twice that, four times that … */
export function nextLook(minimumPairs: number, pairs: number): number {
  let look = minimumPairs;
  while (look <= pairs) look *= 2;
  return look;
}

/** How many looks this many pairs allow. */
export function looksAt(minimumPairs: number, pairs: number): number {
  let looks = 0;
  for (let look = minimumPairs; look <= pairs; look *= 2) looks++;
  return looks;
}

function verdictText(decision: SequentialDecision): string {
  const word = decision.verdict === 'candidate-better' ? 'BETTER' : 'WORSE';
  const mean = decision.meanDifference ?? 0;
  const side = mean < 0 ? 'smaller' : 'larger';
  return `${word}: mean absolute error ${format(Math.abs(mean))} ${side} over ${decision.pairs} pairs (p = ${format(decision.pValue ?? 1)})`;
}

const format = (value: number): string => Number(value.toPrecision(3)).toString();

export const differencesOf = (pairs: readonly Pair[]): Float64Array =>
  Float64Array.from(pairs, (pair) => pair.candidateError - pair.championError);

/**
 * What is shown: pairs and mean as of now, p-value and interval of the last look. Where a look excludes nothing the
 * interval ends at the largest difference seen, as JSON has no infinity.
 */
export function toComparison(pairs: readonly Pair[], decision: SequentialDecision): Comparison | null {
  if (pairs.length === 0) return null;
  const differences = differencesOf(pairs);
  const bound = differences.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const clamp = (value: number) => Math.min(bound, Math.max(-bound, value));
  return {
    verdict: decision.verdict,
    pairs: pairs.length,
    meanDifference: differences.reduce((sum, value) => sum + value, 0) / pairs.length,
    interval: [clamp(decision.interval?.lower ?? -bound), clamp(decision.interval?.upper ?? bound)],
    pValue: decision.pValue ?? 1,
  };
}
