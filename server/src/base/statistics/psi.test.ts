import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { binProportions, psi, psiBins, psiOfWindow, psiThreshold } from './psi.ts';
import { createRandom, shuffle } from './random.ts';
import { sum } from './summary.ts';

const TENTHS = new Float64Array(10).fill(0.1);
const samples = fc.float64Array({ noNaN: true, min: -3, max: 3, minLength: 1, maxLength: 60 });

describe('psiBins', () => {
  test('are the deciles of the reference', () => {
    const bins = psiBins(Float64Array.from({ length: 1000 }, (_, index) => index));
    expect(bins.edges).toHaveLength(9);
    for (const share of bins.probabilities) expect(share).toBeCloseTo(0.1, 10);
  });

  test('hold a share of the reference each, whatever the ties', () => {
    const tied = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        fc.oneof(
          samples,
          tied.map((values) => Float64Array.from(values)),
        ),
        (reference) => {
          const { edges, probabilities } = psiBins(reference);
          expect(probabilities).toHaveLength(edges.length + 1);
          expect(probabilities.every((share) => share > 0)).toBe(true);
          expect(sum(probabilities)).toBeCloseTo(1, 12);
          expect(psiOfWindow({ edges, probabilities }, reference)).toBe(0);
        },
      ),
    );
  });

  test('see mass that leaves a value held by nearly all, at either end', () => {
    for (const common of [0, 1]) {
      const reference = Float64Array.from({ length: 100 }, (_, index) => (index < 97 ? common : 1 - common));
      const bins = psiBins(reference);
      expect(bins.edges).toEqual(Float64Array.of(0));
      expect(psiOfWindow(bins, Float64Array.of(0, 1))).toBeGreaterThan(0.5);
    }
  });

  test('of a constant are one bin', () => {
    const bins = psiBins(Float64Array.of(7, 7, 7));
    expect(psiOfWindow(bins, Float64Array.of(8))).toBe(0);
    expect(bins.probabilities).toEqual(Float64Array.of(1));
  });

  test('refuse bad input', () => {
    expect(() => psiBins(new Float64Array(0))).toThrow(RangeError);
    expect(() => psiBins(TENTHS, 1)).toThrow(/bins is 1/);
    expect(() => binProportions(TENTHS, Float64Array.of(Number.NaN))).toThrow(/values\[0\]/);
  });
});

describe('psi', () => {
  test('equals numpy and the symmetrised entropy', () => {
    // numpy 2.4.6: ((q - p) * numpy.log(q / p)).sum() with the 0 of q set to 1e-4
    const zero = psi(Float64Array.of(0.1, 0.2, 0.3, 0.4), Float64Array.of(0, 0.25, 0.35, 0.4));
    expect(zero).toBeCloseTo(0.7089494639273889, 13);
    // scipy 1.17.1: scipy.stats.entropy(p, q) + scipy.stats.entropy(q, p)
    expect(psi(Float64Array.of(0.2, 0.3, 0.5), Float64Array.of(0.1, 0.6, 0.3))).toBeCloseTo(
      0.3794239969771762,
      13,
    );
  });

  test('is symmetric, not negative, and blind to the order of rows', () => {
    fc.assert(
      fc.property(samples, samples, fc.integer(), (reference, window, seed) => {
        const bins = psiBins(reference);
        const shares = binProportions(bins.edges, window);
        expect(psi(bins.probabilities, shares)).toBeGreaterThanOrEqual(0);
        expect(psi(shares, bins.probabilities)).toBeCloseTo(psi(bins.probabilities, shares), 12);
        expect(psiOfWindow(bins, shuffle(window, createRandom(seed)))).toBe(psiOfWindow(bins, window));
      }),
    );
  });

  test('needs as many proportions on both sides', () => {
    expect(() => psi(TENTHS, Float64Array.of(1))).toThrow(/expected\[1\] has no partner in actual/);
  });
});

describe('psiThreshold', () => {
  // numpy 2.4.6: quantile(1 - alpha) of PSI over 400000 draws of default_rng(1).multinomial(n, [.1] * 10)
  test.each([
    [200, 0.05, 0.08792434551851366],
    [200, 0.01, 0.11384050979257686],
    [2000, 0.05, 0.00850531642968307],
    [2000, 0.001, 0.014049545271401604],
  ])('for %d rows at alpha %d is the quantile of the null', (nWindow, alpha, expected) => {
    expect(psiThreshold(TENTHS, nWindow, alpha, createRandom(8)) / expected).toBeCloseTo(1, 0.9);
    expect(Math.abs(psiThreshold(TENTHS, nWindow, alpha, createRandom(8)) / expected - 1)).toBeLessThan(0.08);
  });

  test('falls with the window and rises as alpha falls', () => {
    const at = (nWindow: number, alpha: number) =>
      psiThreshold(TENTHS, nWindow, alpha, createRandom(9), 4000);
    expect(at(100, 0.05)).toBeGreaterThan(at(400, 0.05));
    expect(at(100, 0.005)).toBeGreaterThan(at(100, 0.05));
    expect(at(100, 0.05)).toBe(at(100, 0.05));
  });

  test('draws more by itself for a small alpha and refuses too few', () => {
    const two = Float64Array.of(0.5, 0.5);
    expect(psiThreshold(two, 1000, 1e-4, createRandom(1))).toBeGreaterThan(
      psiThreshold(two, 1000, 1e-3, createRandom(1)),
    );
    expect(() => psiThreshold(two, 100, 1e-4, createRandom(1), 20_000)).toThrow(/needs at least 100000/);
  });

  test('allows for the reference being a sample too', () => {
    const random = createRandom(10);
    const fixed = psiThreshold(TENTHS, 400, 0.05, random);
    const allowing = psiThreshold(TENTHS, 400, 0.05, random, 20_000, 400);
    const normals = () => new Float64Array(400).map(() => random.normal());
    const scores = new Float64Array(1000).map(() => psiOfWindow(psiBins(normals()), normals()));
    const rate = (threshold: number) => scores.filter((score) => score >= threshold).length / scores.length;
    expect(rate(allowing)).toBeLessThan(0.08);
    expect(rate(allowing)).toBeGreaterThan(0.02);
    expect(rate(fixed)).toBeGreaterThan(0.2);
  });

  test('refuses shares that are none', () => {
    const random = createRandom(1);
    expect(() => psiThreshold(Float64Array.of(0.5, 0.6), 9, 0.05, random)).toThrow(/sum to 1.1/);
    expect(() => psiThreshold(Float64Array.of(1.5, -0.5), 9, 0.05, random)).toThrow(/binProbabilities\[1\]/);
    expect(() => psiThreshold(TENTHS, 0, 0.05, random)).toThrow(/nWindow is 0/);
  });
});
