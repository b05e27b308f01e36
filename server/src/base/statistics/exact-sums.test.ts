import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExactSums } from './exact-sums.ts';

/** In units of 2^-1074, by doubling. */
function inUnits(value: number): bigint {
  let [doubled, left] = [value, 1074];
  while (!Number.isInteger(doubled)) {
    doubled *= 2;
    left -= 1;
  }
  return BigInt(doubled) << BigInt(left);
}

/** The double nearest to so many 2^unit. */
function nearest(value: bigint, unit: number): number {
  if (value < 0n) return -nearest(-value, unit);
  const shift = Math.max(0, value.toString(2).length - 53);
  const floor = value >> BigInt(shift);
  const rest = (value - (floor << BigInt(shift))) * 2n - (shift === 0 ? 1n : 1n << BigInt(shift));
  const isUp = shift > 0 && (rest > 0n || (rest === 0n && floor % 2n === 1n));
  const exponent = shift + unit;
  const half = exponent >> 1;
  return Number(isUp ? floor + 1n : floor) * 2 ** half * 2 ** (exponent - half) + 0;
}

/** By the definition, in whole numbers. */
function expectedOf(values: readonly number[]) {
  const n = values.length;
  const units = values.map(inUnits);
  const sum = units.reduce((a, b) => a + b, 0n);
  const squares = units.reduce((a, b) => a + b * b, 0n);
  const rounded = nearest(sum, -1074);
  return {
    sum: n === 0 ? null : rounded,
    mean: n === 0 ? null : rounded / n,
    std: n < 2 ? null : Math.sqrt(nearest(BigInt(n) * squares - sum * sum, -2148) / (n * (n - 1))),
  };
}

function sumsOf(values: readonly number[]) {
  const sums = new ExactSums({ squares: true });
  for (const value of values) sums.add(value);
  return sums;
}

const resultsOf = (sums: ExactSums) => ({ sum: sums.sum(), mean: sums.mean(), std: sums.deviation() });

/** Of every size between the two, and of those that take each other's last digits. */
const double = (from: number, to: number) =>
  fc.oneof(
    fc.integer({ min: -5, max: 5 }).map((n) => n / 10),
    fc
      .tuple(fc.integer({ min: from, max: to }), fc.double({ min: -1, max: 1, noNaN: true }))
      .map(([e, x]) => x * 2 ** e + 0)
      .filter((x) => x === 0 || Math.abs(x) > 2 ** from),
    fc
      .tuple(fc.integer({ min: from + 1, max: to }), fc.constantFrom(1, -1, 1 + 2 ** -52, -1.5))
      .map(([e, x]) => x * 2 ** (e - 1)),
  );
const usual = fc.array(double(-60, 60), { maxLength: 12 });
const wide = fc.array(double(-399, 399), { maxLength: 12 });

describe('ExactSums', () => {
  it('rounds the exact sums once', () => {
    fc.assert(
      fc.property(fc.oneof(usual, wide), (values) => {
        expect(resultsOf(sumsOf(values))).toEqual(expectedOf(values));
      }),
      { numRuns: 600 },
    );
  });

  it('knows nothing of the order of values, nor of values that went', () => {
    const any = fc.oneof(double(-60, 60), double(-1020, 1023));
    const some = fc.array(any, { maxLength: 10 });
    fc.assert(
      fc.property(some, some, fc.infiniteStream(fc.nat()), (stay, go, chance) => {
        const sums = new ExactSums({ squares: true });
        for (const value of [...go, ...stay].sort(() => (chance.next().value % 3) - 1)) sums.add(value);
        for (const value of go) sums.remove(value);
        expect(resultsOf(sums)).toEqual(resultsOf(sumsOf(stay)));
        sums.clear();
        for (const value of stay.toReversed()) sums.add(value);
        expect(resultsOf(sums)).toEqual(resultsOf(sumsOf(stay)));
      }),
      { numRuns: 300 },
    );
  });

  it('gives of values beyond the usual what it gives of the same nearer to one', () => {
    const factors = [2 ** 900, 2 ** 660, 2 ** -900, 2 ** -700];
    fc.assert(
      fc.property(usual, fc.constantFrom(...factors), (values, factor) => {
        const large = resultsOf(sumsOf(values.map((value) => value * factor)));
        const usually = resultsOf(sumsOf(values));
        for (const name of ['sum', 'mean', 'std'] as const)
          expect(large[name]).toEqual(usually[name] === null ? null : usually[name] * factor);
      }),
      { numRuns: 300 },
    );
    expect(resultsOf(sumsOf([1e308, 1e308, 1e308]))).toEqual({ sum: null, mean: 1e308, std: 0 });
    expect(sumsOf([1e308, 1, -1e308]).sum()).toBe(1);
    expect(resultsOf(sumsOf([5e-324, 5e-324]))).toEqual({ sum: 1e-323, mean: 5e-324, std: 0 });
  });

  it('has the deviation of values far from zero', () => {
    const offsets = [-1.5, -0.5, 0.5, 1.5];
    const exact = Math.sqrt(5 / 3);
    for (const center of [0, 1e9, 1e12, 2 ** 50]) {
      const found = sumsOf(offsets.map((each) => center + each)).deviation() ?? 0;
      expect(Math.abs(found / exact - 1)).toBeLessThan(1e-15);
    }
    expect(sumsOf(Array(1_000).fill(0.1)).deviation()).toBe(0);
  });

  it('takes whole numbers that no double is', () => {
    const sums = new ExactSums({ squares: false });
    sums.add(2 ** 60, 1);
    sums.add(2 ** 60, 1);
    sums.add(-(2 ** 61), 0);
    expect(sums.sum()).toBe(2);
    sums.remove(2 ** 60, 1);
    sums.remove(-(2 ** 61));
    expect(sums.mean()).toBe(2 ** 60);
  });

  it('has the deviation of whole numbers that no double is', () => {
    const sums = new ExactSums({ squares: true });
    sums.add(-(2 ** 62), -1);
    sums.add(-(2 ** 62), -1);
    expect(sums.deviation()).toBe(0);
    sums.remove(-(2 ** 62), -1);
    sums.add(-(2 ** 62), 1);
    expect(sums.deviation()).toBe(Math.SQRT2);
  });
});
