/** Which of the trials that were run again is taken, and in words why. */
import { indexOfBest, meanStdScore, withinOneStandardError } from '../../../base/statistics/choice.ts';
import {
  type Choice,
  type ConfirmationRecord,
  type FullConfirmation,
  type MeasuredTrial,
  measureTrials,
  type Repeat,
} from './rules.ts';

interface Candidate {
  readonly number: number;
  readonly parameters: MeasuredTrial['parameters'];
  readonly mean: number;
  readonly std: number;
  readonly standardError: number;
}

interface Verdict {
  readonly chosen: number | null;
  readonly threshold: number | null;
  /** Per candidate. */
  readonly scores: readonly number[];
  readonly reasons: readonly string[];
}

/**
 * Only trials all of whose repeats are complete are judged, the earlier ones first: a trial that fails with one seed
 * would fail again, and a mean over fewer repeats is no fair one.
 */
export function chooseTrial(definition: FullConfirmation, trials: readonly MeasuredTrial[]): Choice {
  const candidates = trials
    .filter(({ repeats }) => repeats.every(({ state }) => state === 'complete'))
    .map(({ number, parameters, mean, std, standardError }) => ({
      ...{ number, parameters, mean: mean ?? Number.NaN, std: std ?? Number.NaN },
      standardError: standardError ?? Number.NaN,
    }))
    .sort((a, b) => a.number - b.number);
  const { rule } = definition;
  const verdict =
    rule.type === 'mean-std'
      ? chooseByScore(candidates, definition, rule.lambda)
      : chooseSimplest(candidates, definition, rule.simplest);
  return {
    chosen: verdict.chosen,
    threshold: verdict.threshold,
    trials: trials.map((trial) => {
      const i = candidates.findIndex(({ number }) => number === trial.number);
      return {
        number: trial.number,
        score: verdict.scores[i] ?? null,
        isChosen: trial.number === verdict.chosen,
        reason: verdict.reasons[i] ?? sayFailure(trial),
      };
    }),
  };
}

/** What the rule makes of the repeats; none chosen is a failure. */
export function decide(
  definition: FullConfirmation,
  repeats: readonly Repeat[],
): Pick<ConfirmationRecord, 'status' | 'choice' | 'error'> {
  const choice = chooseTrial(definition, measureTrials(definition, repeats));
  const [first] = choice.trials;
  const error =
    choice.chosen === null
      ? `None of the ${choice.trials.length} trials gave a value in all of its repeats; trial ${first?.number}: ${first?.reason}`
      : null;
  return { status: error ? 'failed' : 'succeeded', choice, error };
}

function sayFailure({ repeats }: MeasuredTrial): string {
  const failed = repeats.filter(({ state }) => state !== 'complete');
  const [first] = failed;
  const where = first?.window == null ? '' : ` on window ${first.window}`;
  return `${failed.length} of ${repeats.length} repeats gave no value; with seed ${first?.seed}${where}: ${first?.error ?? first?.state}`;
}

function chooseByScore(
  candidates: readonly Candidate[],
  { direction }: FullConfirmation,
  lambda: number,
): Verdict {
  const scores = candidates.map((each) => meanStdScore(each, { lambda, direction }));
  const best = indexOfBest(scores, direction);
  const name = `mean ${direction === 'minimize' ? '+' : '-'} ${lambda}·std`;
  const least = direction === 'minimize' ? 'least' : 'greatest';
  const reasons = scores.map((score, i) => {
    if (i === best) return `its ${name} is the ${least}: ${say(score)}`;
    return score === scores[best]
      ? `its ${name} is ${say(score)} too; trial ${candidates[best]?.number} came earlier`
      : `its ${name} is ${say(score)}`;
  });
  return { chosen: candidates[best]?.number ?? null, threshold: null, scores, reasons };
}

function chooseSimplest(
  candidates: readonly Candidate[],
  { direction }: FullConfirmation,
  simplest: Readonly<Record<string, 'low' | 'high'>>,
): Verdict {
  const { threshold, indices } = withinOneStandardError(candidates, direction);
  // The sort is stable: of those equally simple the one with the best mean stays first.
  const [best] = indices
    .flatMap((i) => candidates[i] ?? [])
    .sort((a, b) => compareSimplicity(a, b, simplest));
  const limit = `one standard error of the best mean (${direction === 'minimize' ? 'up to' : 'down to'} ${say(threshold)})`;
  const reasons = candidates.map(({ number, mean }, i) => {
    if (!indices.includes(i)) return `its mean ${say(mean)} is not within ${limit}`;
    if (number !== best?.number)
      return `as good, but trial ${best?.number} is simpler, or better where equal`;
    return `the simplest of ${indices.length} within ${limit}`;
  });
  return {
    chosen: best?.number ?? null,
    threshold: best ? threshold : null,
    scores: candidates.map(({ mean }) => mean),
    reasons,
  };
}

/** By the first parameter in which they differ. A trial that lacks one, by its conditions, comes behind those that have it. */
function compareSimplicity(
  a: Candidate,
  b: Candidate,
  simplest: Readonly<Record<string, 'low' | 'high'>>,
): number {
  for (const [name, side] of Object.entries(simplest)) {
    const [x, y] = [a, b].map(({ parameters }) => {
      const value = parameters[name];
      if (typeof value !== 'number') return Number.POSITIVE_INFINITY;
      return side === 'low' ? value : -value;
    }) as [number, number];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** Six digits say enough to a reader; the exact ones stand beside. */
const say = (value: number): string => String(Number(value.toPrecision(6)));
