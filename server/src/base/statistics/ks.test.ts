import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ksPValue, ksStatistic, ksTest, ksThreshold } from './ks.ts';
import { createRandom, shuffle } from './random.ts';

const A = Float64Array.of(0.61, 1.45, -0.32, 2.1, 0.07, 1.88, -1.21, 0.94, 0.35, 1.02);
const B = Float64Array.of(1.31, 2.75, 0.42, 3.01, 1.66, 2.22, 0.15, 1.93, 2.48, 0.88, 3.37, 1.09);
const samples = fc.float64Array({ noNaN: true, min: -5, max: 5, minLength: 1, maxLength: 30 });
const sizes = fc.integer({ min: 1, max: 60 });

describe('ksTest', () => {
  test('equals scipy', () => {
    // scipy 1.17.1: scipy.stats.ks_2samp(a, b, method='exact')
    const { statistic, pValue } = ksTest(A, B);
    expect(statistic).toBeCloseTo(0.45, 15);
    expect(pValue).toBeCloseTo(0.15975974489906378, 13);
  });

  test('is symmetric, within [0, 1] and blind to order and to monotone change', () => {
    fc.assert(
      fc.property(samples, samples, fc.integer(), (a, b, seed) => {
        const statistic = ksStatistic(a, b);
        expect(statistic).toBeGreaterThanOrEqual(0);
        expect(statistic).toBeLessThanOrEqual(1);
        expect(ksStatistic(b, a)).toBe(statistic);
        expect(ksStatistic(shuffle(a, createRandom(seed)), b)).toBe(statistic);
        expect(
          ksStatistic(
            a.map((x) => 2 * x),
            b.map((x) => 2 * x),
          ),
        ).toBe(statistic);
        expect(ksStatistic(a, a)).toBe(0);
      }),
    );
  });

  test('names the index of bad input', () => {
    expect(() => ksTest(A, Float64Array.of(1, Number.NaN))).toThrow(/b\[1\]/);
    expect(() => ksTest(new Float64Array(0), B)).toThrow(RangeError);
  });
});

describe('ksPValue', () => {
  // scipy 1.17.1: scipy.stats._stats_py._attempt_exact_2kssamp(n, m, gcd, d, 'two-sided')
  test.each([
    [0.6, 5, 7, 0.16666666666666663],
    [0.5, 10, 12, 0.09270296267200293],
    [0.3, 30, 40, 0.0762046102472055],
    [0.2, 100, 100, 0.03638428787491733],
    [0.15, 50, 200, 0.3112407253669211],
    [0.1, 500, 300, 0.04420554911655232],
    [0.09, 1000, 1000, 0.0006029005665324465],
    [0.9, 40, 40, 2.942277115431384e-17],
  ])('of %d at sizes %d and %d is exact', (statistic, n, m, expected) => {
    expect(ksPValue(statistic, n, m) / expected).toBeCloseTo(1, 10);
    expect(ksPValue(statistic, m, n) / expected).toBeCloseTo(1, 10);
  });

  // scipy 1.17.1: scipy.stats.kstwobign.sf(z)
  test.each([
    [0.3, 0.9999906941986655],
    [0.5, 0.9639452436648751],
    [0.79, 0.560495104473081],
    [0.81, 0.5279614323123148],
    [1.36, 0.049485876755377876],
    [4, 2.532833109818835e-14],
  ])('of z = %d is the limit for large samples', (z, expected) => {
    expect(ksPValue(z / 100, 20_000, 20_000) / expected).toBeCloseTo(1, 10);
  });

  test('counts the arrangements of small samples', () => {
    for (const [n, m] of [
      [1, 1],
      [1, 4],
      [3, 3],
      [4, 6],
      [5, 3],
    ] as const) {
      const statistics = listArrangements(n, m).map(([a, b]) => ksStatistic(a, b));
      for (const statistic of new Set(statistics)) {
        const share = statistics.filter((other) => other >= statistic).length / statistics.length;
        expect(ksPValue(statistic, n, m)).toBeCloseTo(share, 12);
      }
    }
  });

  test('keeps its precision far in the tail: 2 / C(n + m, n) for separated samples', () => {
    let expected = 2;
    for (let k = 1; k <= 60; k += 1) expected *= k / (70 + k);
    expect(ksPValue(1, 60, 70) / expected).toBeCloseTo(1, 10);
  });

  test('exact and limit meet where one replaces the other', () => {
    const exact = ksPValue(0.03, 3000, 3333);
    expect(Math.abs(ksPValue(0.03, 3000, 3334) / exact - 1)).toBeLessThan(0.05);
  });

  test('falls as the statistic grows', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(sizes, sizes, unit, unit, (n, m, x, y) => {
        const high = ksPValue(Math.max(x, y), n, m);
        expect(high).toBeLessThanOrEqual(ksPValue(Math.min(x, y), n, m) + 1e-15);
        expect(high).toBeGreaterThan(0);
      }),
    );
  });
});

describe('ksThreshold', () => {
  test('is the smallest statistic that is rare enough', () => {
    const alphas = fc.double({ min: 1e-6, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(sizes, sizes, alphas, (n, m, alpha) => {
        const threshold = ksThreshold(n, m, alpha);
        if (threshold === Infinity) {
          expect(ksPValue(1, n, m)).toBeGreaterThan(alpha);
          return;
        }
        expect(ksPValue(threshold, n, m)).toBeLessThanOrEqual(alpha);
        // Statistics are multiples of 1 / lcm(n, m): the one before must be too common.
        expect(ksPValue(Math.max(0, threshold - 1 / leastCommonMultiple(n, m)), n, m)).toBeGreaterThan(alpha);
        expect(ksThreshold(n, m, alpha / 2)).toBeGreaterThanOrEqual(threshold);
      }),
    );
  });

  test('of large samples follows the limit and shrinks with the window', () => {
    const threshold = ksThreshold(1_000_000, 1000, 0.01);
    expect(ksPValue(threshold, 1_000_000, 1000)).toBeLessThanOrEqual(0.01);
    expect(threshold).toBeCloseTo(1.6276 / Math.sqrt(1e9 / 1_001_000), 4);
    expect(ksThreshold(1_000_000, 5000, 0.01)).toBeLessThan(threshold);
    expect(ksThreshold(3000, 3000, 0.001)).toBeLessThan(ksThreshold(3000, 1000, 0.001));
  });

  test('is out of reach for tiny windows', () => {
    expect(ksThreshold(5, 1, 0.01)).toBe(Infinity);
    expect(() => ksThreshold(5, 0, 0.01)).toThrow(/m is 0/);
    expect(() => ksThreshold(5, 5, 0)).toThrow(/alpha is 0/);
  });

  test('keeps its false alarms under alpha', () => {
    const random = createRandom(11);
    const threshold = ksThreshold(80, 25, 0.1);
    let alarms = 0;
    for (let trial = 0; trial < 2000; trial += 1) {
      const [a, b] = [new Float64Array(80), new Float64Array(25)].map((x) => x.map(() => random.normal()));
      if (a && b && ksStatistic(a, b) >= threshold) alarms += 1;
    }
    expect(alarms / 2000).toBeLessThan(0.12);
    expect(alarms / 2000).toBeGreaterThan(0.06);
  });
});

/** Every way to give the ranks 0 .. n+m-1 to two samples. */
function listArrangements(n: number, m: number): (readonly [Float64Array, Float64Array])[] {
  const ranks = Array.from({ length: n + m }, (_, rank) => rank);
  return Array.from({ length: 2 ** (n + m) }, (_, mask) => mask)
    .map((mask) => [
      ranks.filter((rank) => (mask >> rank) & 1),
      ranks.filter((rank) => !((mask >> rank) & 1)),
    ])
    .flatMap(([a = [], b = []]) =>
      a.length === n ? [[Float64Array.from(a), Float64Array.from(b)] as const] : [],
    );
}

function leastCommonMultiple(n: number, m: number): number {
  let multiple = n;
  while (multiple % m !== 0) multiple += n;
  return multiple;
}
