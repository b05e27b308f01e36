import { expect, test } from 'vitest';
import { categoryDrift } from './category-drift.ts';
import { createRandom } from './random.ts';

const drift = (reference: number[], window: number[], alpha = 0.01) =>
  categoryDrift(Float64Array.from(reference), Float64Array.from(window), alpha);

test('the threshold is that of the chi-square distribution', () => {
  // With two degrees of freedom the tail is exp(-x / 2); the statistic is 82.6446 / 490.909 + 82.6446 / 49.0909 + …
  const { value, threshold } = drift([500, 300, 200], [40, 30, 30]);
  expect(threshold).toBeCloseTo(-2 * Math.log(0.01), 6);
  expect(value).toBeCloseTo(6.19968, 4);
});

test('rare categories count as one, and one category alone never differs', () => {
  expect(drift([1000, 1, 1, 1], [100, 0, 1, 0]).threshold).toBeCloseTo(
    drift([1000, 3], [100, 1]).threshold,
    9,
  );
  expect(drift([1000], [100])).toEqual({ value: 0, threshold: Number.MAX_SAFE_INTEGER });
});

test('draws from the same distribution exceed it about as often as alpha says', () => {
  const random = createRandom(5);
  const counts = (n: number): number[] => {
    const found = [0, 0, 0, 0];
    for (let i = 0; i < n; i += 1) {
      const at = Math.min(3, Math.floor(random.next() * 5));
      found[at] = (found[at] ?? 0) + 1;
    }
    return found;
  };
  let exceeded = 0;
  for (let i = 0; i < 1000; i += 1) {
    const { value, threshold } = drift(counts(2000), counts(200), 0.05);
    if (value >= threshold) exceeded += 1;
  }
  expect(exceeded).toBeGreaterThan(25);
  expect(exceeded).toBeLessThan(80);
});
