import { assertAlpha, assertCount, assertSample } from './assertions.ts';
import type { Interval } from './bootstrap.ts';
import type { Random } from './random.ts';
import { mean } from './summary.ts';

/** Up to this many differences all 2^n sign patterns are tried. */
export const EXACT_PAIRS = 14;

/**
 * What flipping the signs of n differences around any centre says. Flipping the subset S around c makes the
 * sum at least the observed one exactly when mean(S) <= c; so the sorted subset means hold the test of every
 * centre at once, and its inversion, the confidence interval.
 */
export type SignFlips = {
  readonly mean: number;
  /** Pairs (pattern, opposite pattern) apart from the observed one. */
  readonly patterns: number;
  /** Patterns drawn that equal the observed one or its opposite. */
  readonly repeats: number;
  /** Means of the flipped subsets and of their complements, ascending. */
  readonly subsetMeans: Float64Array;
  readonly isExact: boolean;
  /** Means nearer than this are equal up to rounding. */
  readonly tolerance: number;
};

/**
 * Enumerates (n <= 14) or draws sign patterns. Assumes that under the null the differences are independent
 * and symmetric around their centre.
 *
 * Source: Fisher (1935), The Design of Experiments, 21; Hartigan (1969), JASA 64, for the subset means.
 * @param differences n >= 1 finite values. @param draws patterns to draw when n > 14.
 * @throws RangeError when empty, not finite, or draws below 1.
 */
export function signFlips(differences: Float64Array, random: Random, draws: number): SignFlips {
  assertSample('differences', differences);
  assertCount('draws', draws);
  const isExact = differences.length <= EXACT_PAIRS;
  const subsets = isExact ? enumerateSubsets(differences) : drawSubsets(differences, random, draws);
  const count = differences.length;
  const center = mean(differences);
  const subsetMeans = toSubsetMeans(subsets, count, center * count);
  const patterns = subsets.sizes.length;
  return {
    mean: center,
    patterns,
    repeats: patterns - subsetMeans.length / 2,
    // The observed pattern's opposite flips all: its mean belongs to the list.
    subsetMeans: append(subsetMeans, center).sort(),
    isExact,
    tolerance: differences.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * 1e-12,
  };
}

/** Two-sided p-value of "the differences are centred at `center`", (1 + as extreme) / (1 + patterns). */
export function signFlipPValue(flips: SignFlips, center: number): number {
  const { mean: observed, subsetMeans, tolerance, patterns, repeats } = flips;
  if (Math.abs(observed - center) <= tolerance) return 1;
  const extreme = subsetMeans.reduce((count, value) => {
    const isBeyond = observed > center ? value <= center + tolerance : value >= center - tolerance;
    return isBeyond ? count + 1 : count;
  }, 0);
  return Math.min(1, (1 + repeats + extreme) / (1 + patterns));
}

/**
 * All centres whose p-value exceeds `alpha`: the confidence interval of level 1 - alpha, in the unit of the
 * differences. Infinite on both sides when there are too few patterns to reject anything.
 */
export function signFlipInterval(flips: SignFlips, alpha: number): Interval {
  assertAlpha(alpha);
  // 1e-9: alpha * (1 + patterns) may round just below a whole number.
  const rank = Math.floor(alpha * (1 + flips.patterns) + 1e-9) - flips.repeats;
  if (rank < 1) return { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
  const means = flips.subsetMeans;
  return {
    lower: means[rank - 1] ?? Number.NEGATIVE_INFINITY,
    upper: means[means.length - rank] ?? Number.POSITIVE_INFINITY,
  };
}

/**
 * Size and sum of k subsets, side by side: a hundred thousand small objects would cost more than the sums.
 */
type Subsets = { readonly sizes: Float64Array; readonly sums: Float64Array };

/**
 * Every subset without the first value, bar the empty one: of a pattern and its opposite only one flips that.
 */
function enumerateSubsets(differences: Float64Array): Subsets {
  const others = differences.subarray(1);
  const sizes = new Float64Array(2 ** others.length);
  const sums = new Float64Array(2 ** others.length);
  for (const [bit, value] of others.entries()) {
    const known = 2 ** bit;
    for (let mask = 0; mask < known; mask += 1) {
      sizes[known + mask] = (sizes[mask] ?? 0) + 1;
      sums[known + mask] = (sums[mask] ?? 0) + value;
    }
  }
  return { sizes: sizes.subarray(1), sums: sums.subarray(1) };
}

function drawSubsets(differences: Float64Array, random: Random, draws: number): Subsets {
  const sizes = new Float64Array(draws);
  const sums = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw += 1) {
    let [size, sum, bits] = [0, 0, 0];
    for (let index = 0; index < differences.length; index += 1) {
      if (index % 32 === 0) bits = random.uint32();
      // Multiplied, not branched upon: a branch on a random bit is mispredicted half of the time.
      const bit = bits & 1;
      size += bit;
      sum += bit * (differences[index] ?? 0);
      bits >>>= 1;
    }
    sizes[draw] = size;
    sums[draw] = sum;
  }
  return { sizes, sums };
}

/**
 * Means of the subsets and of their complements; whole and empty subsets, which have only one, are left out.
 */
function toSubsetMeans({ sizes, sums }: Subsets, count: number, total: number): Float64Array {
  const means = new Float64Array(2 * sizes.length);
  let filled = 0;
  for (let index = 0; index < sizes.length; index += 1) {
    const size = sizes[index] ?? 0;
    const sum = sums[index] ?? 0;
    if (size === 0 || size === count) continue;
    means[filled] = sum / size;
    means[filled + 1] = (total - sum) / (count - size);
    filled += 2;
  }
  return means.subarray(0, filled);
}

function append(values: Float64Array, value: number): Float64Array {
  const longer = new Float64Array(values.length + 1);
  longer.set(values);
  longer[values.length] = value;
  return longer;
}
