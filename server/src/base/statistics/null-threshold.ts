import { assertCount, assertSample } from './assertions.ts';
import type { Random } from './random.ts';
import { assertEnoughDraws, tailThreshold } from './tail-threshold.ts';

export type NullThresholdOptions = {
  /** n >= 1 finite values in order of time, for example the absolute errors of the evaluation. */
  readonly reference: Float64Array;
  readonly windowSize: number;
  /** Larger must mean worse. Called with a window that is reused between calls: do not keep it. */
  readonly statistic: (window: Float64Array) => number;
  /** Chance that an unchanged window reaches the threshold. */
  readonly alpha: number;
  /** Simulated windows, at least 10 / alpha. */
  readonly draws: number;
  readonly random: Random;
  /** Neighbours drawn together, 1 to n; 1 (the default) takes the values as independent. */
  readonly blockLength?: number;
};

/**
 * Threshold of any statistic of a window: alarm when `statistic(window) >= nullThreshold(...)`. Windows are
 * drawn by a Pólya urn over the reference: what was drawn goes back doubled. That is resampling with
 * replacement, widened by what a reference of n values leaves unknown; a plain resample would alarm too often
 * once windowSize nears n.
 *
 * Source: Rubin (1981), Ann. Statist. 9 (Bayesian bootstrap); Lo (1988), Ann. Statist. 16 (finite Pólya urn).
 * @returns the threshold, in the unit of the statistic.
 * @throws RangeError when draws < 10 / alpha, the reference is empty or not finite, or a statistic is not
 * finite.
 */
export function nullThreshold(options: NullThresholdOptions): number {
  const { reference, windowSize, statistic, alpha, draws, random, blockLength = 1 } = options;
  assertSample('reference', reference);
  assertCount('windowSize', windowSize);
  assertCount('draws', draws);
  assertCount('blockLength', blockLength);
  assertEnoughDraws(draws, alpha);
  if (blockLength > reference.length) {
    throw new RangeError(`blockLength is ${blockLength}; reference has only ${reference.length} values`);
  }
  const window = new Float64Array(windowSize);
  const simulated = new Float64Array(draws).map(() => {
    fillFromUrn(window, reference, blockLength, random);
    return statistic(window);
  });
  return tailThreshold(simulated, alpha);
}

function fillFromUrn(
  window: Float64Array,
  reference: Float64Array,
  blockLength: number,
  random: Random,
): void {
  const starts = reference.length - blockLength + 1;
  // The reference weighs as many urn balls as it has independent blocks.
  const balls = reference.length / blockLength;
  for (let filled = 0; filled < window.length; filled += blockLength) {
    const drawn = filled / blockLength;
    const end = Math.min(filled + blockLength, window.length);
    if (random.next() * (balls + drawn) < balls) {
      const start = random.integer(starts);
      window.set(reference.subarray(start, start + end - filled), filled);
    } else {
      const start = random.integer(drawn) * blockLength;
      window.copyWithin(filled, start, start + end - filled);
    }
  }
}
