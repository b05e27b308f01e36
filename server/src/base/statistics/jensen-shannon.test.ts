import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jensenShannonDistance, jensenShannonThreshold } from './jensen-shannon.ts';
import { createRandom } from './random.ts';
import { drawMultinomial } from './variates.ts';

test('as scipy tells it', () => {
  // scipy.spatial.distance.jensenshannon([1, 0, 0], [0, 1, 0], 2), ([1, 0], [0.5, 0.5], 2)
  expect(jensenShannonDistance(Float64Array.of(1, 0, 0), Float64Array.of(0, 1, 0))).toBeCloseTo(1, 12);
  expect(jensenShannonDistance(Float64Array.of(1, 0), Float64Array.of(0.5, 0.5))).toBeCloseTo(
    0.5579230452841438,
    12,
  );
});

test('symmetric, between 0 and 1, 0 only for equal proportions', () => {
  const shares = fc
    .array(fc.integer({ min: 0, max: 100 }), { minLength: 4, maxLength: 4 })
    .filter((counts) => counts.some((count) => count > 0))
    .map((counts) => Float64Array.from(counts, (count) => count / counts.reduce((a, b) => a + b, 0)));
  fc.assert(
    fc.property(shares, shares, (p, q) => {
      const distance = jensenShannonDistance(p, q);
      expect(distance).toBeCloseTo(jensenShannonDistance(q, p), 12);
      expect(distance).toBeGreaterThanOrEqual(0);
      expect(distance).toBeLessThanOrEqual(1 + 1e-12);
      expect(jensenShannonDistance(p, p)).toBe(0);
    }),
  );
});

test('rows of one distribution reach the threshold about as often as alpha says', () => {
  const random = createRandom(7);
  const truth = Float64Array.of(0.4, 0.3, 0.2, 0.1);
  const rounds = 300;
  let alarms = 0;
  for (let i = 0; i < rounds; i += 1) {
    const [reference, window] = [400, 200].map((n) => drawMultinomial(n, truth, random).map((c) => c / n));
    if (!reference || !window) throw new Error('no draw');
    const threshold = jensenShannonThreshold(reference, 200, 400, 0.1, random, 200);
    if (jensenShannonDistance(reference, window) >= threshold) alarms += 1;
  }
  expect(alarms / rounds).toBeLessThan(0.16);
  expect(alarms / rounds).toBeGreaterThan(0.04);
});
