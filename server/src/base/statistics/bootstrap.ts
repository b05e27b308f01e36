import { assertAlpha, assertCount, assertSample } from './assertions.ts';
import type { Random } from './random.ts';
import { quantileOfSorted } from './summary.ts';

export type Interval = { readonly lower: number; readonly upper: number };

export type BootstrapOptions = {
  /** n >= 1 finite values, in order of time where `blockLength` is above 1. */
  readonly values: Float64Array;
  readonly statistic: (sample: Float64Array) => number;
  /** 1 - coverage, for example 0.05 for an interval of 95 percent. */
  readonly alpha: number;
  readonly random: Random;
  /** Resamples; 2000 by default, at least 2 / alpha. */
  readonly draws?: number;
  /** Neighbours drawn together, 1 to n. 1 (the default) takes the values as independent. */
  readonly blockLength?: number;
};

/**
 * Percentile confidence interval of a statistic by the moving-block bootstrap; `estimate` is the statistic of
 * the values themselves. Too narrow for few values or blocks: below about twenty blocks read it as a hint.
 *
 * Source: Efron (1979), Ann. Statist. 7; Künsch (1989), Ann. Statist. 17, for blocks.
 * @throws RangeError when an option is out of range or the statistic is not finite.
 */
export function bootstrapInterval(options: BootstrapOptions): Interval & { readonly estimate: number } {
  const { values, statistic, alpha, random, draws = 2000, blockLength = 1 } = options;
  assertAlpha(alpha);
  assertSample('values', values);
  assertCount('draws', draws, Math.ceil(2 / alpha - 1e-9));
  assertCount('blockLength', blockLength);
  if (blockLength > values.length) {
    throw new RangeError(`blockLength is ${blockLength}; values has only ${values.length}`);
  }
  const statistics = new Float64Array(draws).map(() => statistic(drawBlocks(values, blockLength, random)));
  assertSample('statistic of the resamples', statistics);
  statistics.sort();
  return {
    estimate: statistic(values),
    lower: quantileOfSorted(statistics, alpha / 2),
    upper: quantileOfSorted(statistics, 1 - alpha / 2),
  };
}

function drawBlocks(values: Float64Array, blockLength: number, random: Random): Float64Array {
  const sample = new Float64Array(values.length);
  const starts = values.length - blockLength + 1;
  for (let filled = 0; filled < sample.length; filled += blockLength) {
    const start = random.integer(starts);
    const length = Math.min(blockLength, sample.length - filled);
    sample.set(values.subarray(start, start + length), filled);
  }
  return sample;
}
