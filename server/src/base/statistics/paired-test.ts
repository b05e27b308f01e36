import { assertAlpha, assertCount, assertFinite, assertSameLength, assertSample } from './assertions.ts';
import type { Interval } from './bootstrap.ts';
import { createRandom, type Random } from './random.ts';
import { signFlipInterval, signFlipPValue, signFlips } from './sign-flip.ts';
import { mean } from './summary.ts';

export type PairedTestResult = {
  readonly pairs: number;
  /** Mean of a - b, unit of the series: negative when a errs less. */
  readonly meanDifference: number;
  /**
   * Confidence interval of the mean difference; infinite when there are too few pairs to exclude anything.
   */
  readonly interval: Interval;
  readonly pValue: number;
  /** Whether all sign patterns were tried. */
  readonly isExact: boolean;
};

/**
 * Compares two paired error series, one value a day (`differencesByDay` makes them from rows), by sign-flip
 * permutation: exact up to 14 pairs, otherwise Monte Carlo with the +1 correction. `interval` (level 1 -
 * alpha) leaves out 0 exactly when `pValue` <= alpha.
 * @param options.a n >= 1 finite values. @param options.b n finite values of the same days and unit.
 * @param options.draws sign patterns drawn when n > 14, 9999 by default.
 * @throws RangeError when lengths differ, a value is not finite, or an option is out of range.
 */
export function pairedTest(options: {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly alpha: number;
  readonly random: Random;
  readonly draws?: number;
}): PairedTestResult {
  const { a, b, alpha, random, draws = 9999 } = options;
  assertSameLength('a', a, 'b', b);
  assertSample('a', a);
  assertSample('b', b);
  const flips = signFlips(
    a.map((value, index) => value - (b[index] ?? Number.NaN)),
    random,
    draws,
  );
  return {
    pairs: a.length,
    meanDifference: flips.mean,
    interval: signFlipInterval(flips, alpha),
    pValue: signFlipPValue(flips, 0),
    isExact: flips.isExact,
  };
}

/**
 * Mean difference a - b of each day, days ascending: rows of one day are no independent evidence, days nearly
 * are.
 * @param options.a n row errors. @param options.b n row errors. @param options.days n labels, sortable as
 * text (2026-01-31). @returns k days and k differences. @throws RangeError when lengths differ or a value is
 * not finite.
 */
export function differencesByDay(options: {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly days: readonly string[];
}): { readonly days: readonly string[]; readonly differences: Float64Array } {
  const { a, b, days } = options;
  assertSameLength('a', a, 'b', b);
  assertSameLength('a', a, 'days', days);
  assertFinite('a', a);
  assertFinite('b', b);
  const byDay = Map.groupBy(days.keys(), (index) => days[index] ?? '');
  const sortedDays = [...byDay.keys()].sort();
  const differences = Float64Array.from(sortedDays, (day) =>
    mean(Float64Array.from(byDay.get(day) ?? [], (index) => (a[index] ?? 0) - (b[index] ?? 0))),
  );
  return { days: sortedDays, differences };
}

export type SequentialOptions = {
  /**
   * Candidate's error less the current one's, one a day in order of time: negative when the candidate is
   * better.
   */
  readonly differences: Float64Array;
  /** Pairs at the first look. Below 1 + log2(2 / alpha) (7 for 0.05) that look can decide nothing. */
  readonly minimumPairs: number;
  /** Chance, over all looks together, of a verdict although both are equal. */
  readonly alpha: number;
  readonly seed: number;
  /** Mean difference that must be surpassed for a verdict, unit of the differences; 0 by default. */
  readonly margin?: number;
};

export type SequentialDecision = {
  readonly verdict: 'candidate-better' | 'candidate-worse' | 'inconclusive';
  /** Pairs the look used; 0 before the first look. */
  readonly pairs: number;
  /** These three are null before the first look. */
  readonly meanDifference: number | null;
  readonly interval: Interval | null;
  readonly pValue: number | null;
  /** Number k of the look, from 0; null before the first. */
  readonly look: number | null;
  /** Alpha used up by all looks so far, this one included. */
  readonly alphaSpent: number;
};

/**
 * Sequential comparison that may be called every day. It looks only at minimumPairs * 2^k pairs (k = 0, 1,
 * ...), at level alpha / 2^(k+1); the levels sum to less than alpha, so by Bonferroni the chance of any false
 * verdict stays under alpha however often it is asked. The first look that decides stands; before that, and
 * between looks, the answer is that of the last look. Same data and seed, same answer.
 * @throws RangeError when a difference is not finite or an option is out of range.
 */
export function sequentialDecision(options: SequentialOptions): SequentialDecision {
  assertFinite('differences', options.differences);
  assertCount('minimumPairs', options.minimumPairs);
  assertAlpha(options.alpha);
  const margin = options.margin ?? 0;
  if (!(margin >= 0)) throw new RangeError(`margin is ${margin}; it must be at least 0`);
  let decision = NO_LOOK;
  for (let look = 0; options.minimumPairs * 2 ** look <= options.differences.length; look += 1) {
    decision = decideLook(options, look, margin);
    if (decision.verdict !== 'inconclusive') return decision;
  }
  return decision;
}

const NO_LOOK: SequentialDecision = {
  verdict: 'inconclusive',
  pairs: 0,
  meanDifference: null,
  interval: null,
  pValue: null,
  look: null,
  alphaSpent: 0,
};

function decideLook(options: SequentialOptions, look: number, margin: number): SequentialDecision {
  const pairs = options.minimumPairs * 2 ** look;
  const level = options.alpha / 2 ** (look + 1);
  // Enough patterns for a p-value well under the level; the bound keeps a look to about a second.
  const draws = Math.min(200_000, Math.max(9999, Math.ceil(20 / level)));
  const flips = signFlips(options.differences.subarray(0, pairs), createRandom(options.seed + look), draws);
  const isBeyondMargin = Math.abs(flips.mean) > margin;
  const pValue = isBeyondMargin ? signFlipPValue(flips, Math.sign(flips.mean) * margin) : 1;
  const winner = flips.mean < 0 ? 'candidate-better' : 'candidate-worse';
  return {
    verdict: pValue <= level ? winner : 'inconclusive',
    pairs,
    meanDifference: flips.mean,
    interval: signFlipInterval(flips, level),
    pValue,
    look,
    alphaSpent: options.alpha * (1 - 2 ** -(look + 1)),
  };
}
