import { assertFinite, assertSameLength } from './assertions.ts';

export type ChiSquareResult = {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
};

/**
 * Pearson's chi-square test that two samples come from one distribution over k categories
 * (scipy.stats.chi2_contingency without correction). Categories empty in both samples are left out.
 * @param a k counts, each >= 0. @param b k counts of the other sample.
 * @returns the statistic, k - 1 degrees of freedom and P(X >= statistic); p is 1 where nothing can differ.
 * @throws RangeError when lengths differ or a count is negative or not finite.
 */
export function chiSquareTest(a: Float64Array, b: Float64Array): ChiSquareResult {
  assertSameLength('a', a, 'b', b);
  assertCounts('a', a);
  assertCounts('b', b);
  const [totalA, totalB] = [a.reduce(add, 0), b.reduce(add, 0)];
  let statistic = 0;
  let categories = 0;
  for (let i = 0; i < a.length; i += 1) {
    const both = (a[i] ?? 0) + (b[i] ?? 0);
    if (both === 0) continue;
    categories += 1;
    for (const [count, total] of [
      [a[i] ?? 0, totalA],
      [b[i] ?? 0, totalB],
    ] as const) {
      const expected = (both * total) / (totalA + totalB);
      if (expected > 0) statistic += (count - expected) ** 2 / expected;
    }
  }
  const degreesOfFreedom = Math.max(0, categories - 1);
  const isTestable = degreesOfFreedom > 0 && totalA > 0 && totalB > 0;
  return { statistic, degreesOfFreedom, pValue: isTestable ? chiSquareTail(statistic, degreesOfFreedom) : 1 };
}

/**
 * P(X >= x) of the chi-square distribution: Q(k / 2, x / 2), the regularised upper incomplete gamma function
 * (scipy.stats.chi2.sf), by its power series below the mean and Lentz's continued fraction above.
 *
 * Source: Abramowitz and Stegun (1964), 6.5.29 and 6.5.31.
 * @param x >= 0. @param degreesOfFreedom > 0. @throws RangeError otherwise.
 */
export function chiSquareTail(x: number, degreesOfFreedom: number): number {
  if (!(x >= 0)) throw new RangeError(`x is ${x}; it must be at least 0`);
  if (!(degreesOfFreedom > 0))
    throw new RangeError(`degreesOfFreedom is ${degreesOfFreedom}; it must be above 0`);
  if (x === 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const shape = degreesOfFreedom / 2;
  const at = x / 2;
  const scale = Math.exp(shape * Math.log(at) - at - logGamma(shape));
  return at < shape + 1 ? 1 - scale * lowerSeries(shape, at) : scale * upperFraction(shape, at);
}

function lowerSeries(shape: number, at: number): number {
  let term = 1 / shape;
  let total = term;
  for (let n = 1; Math.abs(term) > Math.abs(total) * 1e-16; n += 1) {
    term *= at / (shape + n);
    total += term;
  }
  return total;
}

function upperFraction(shape: number, at: number): number {
  const tiny = 1e-300;
  let b = at + 1 - shape;
  let c = 1 / tiny;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < 10_000; n += 1) {
    const a = -n * (n - shape);
    b += 2;
    d = 1 / awayFromZero(a * d + b, tiny);
    c = awayFromZero(b + a / c, tiny);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return value;
}

const awayFromZero = (value: number, tiny: number): number => (Math.abs(value) < tiny ? tiny : value);

/** Stirling's series, A&S 6.1.41, where it is exact to double precision; smaller arguments are moved there. */
function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 15; at += 1) shift += Math.log(at);
  const inverse = 1 / (at * at);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680)))) / at;
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

const add = (total: number, value: number): number => total + value;

function assertCounts(name: string, counts: Float64Array): void {
  assertFinite(name, counts);
  const negative = counts.findIndex((count) => count < 0);
  if (negative >= 0) throw new RangeError(`${name}[${negative}] is ${counts[negative]}, below 0`);
}
