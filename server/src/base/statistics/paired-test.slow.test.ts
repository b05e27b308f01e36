// How often a decision is wrong, and how often it is found: over many draws.
import { describe, expect, test } from 'vitest';
import { sequentialDecision } from './paired-test.ts';
import { createRandom } from './random.ts';

const normals = (count: number, seed: number, shift = 0) => {
  const random = createRandom(seed);
  return new Float64Array(count).map(() => random.normal() + shift);
};

describe('sequentialDecision over many draws', () => {
  const decide = (differences: Float64Array) =>
    sequentialDecision({ differences, minimumPairs: 8, alpha: 0.05, seed: 7, margin: 0 });

  test('asking again and again keeps false verdicts under alpha', () => {
    const trials = 60;
    let falseVerdicts = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const differences = normals(33, 1000 + trial);
      const isFalse = [7, 8, 9, 15, 16, 17, 31, 32, 33].some(
        (day) =>
          sequentialDecision({
            differences: differences.subarray(0, day),
            minimumPairs: 8,
            alpha: 0.2,
            seed: trial,
          }).verdict !== 'inconclusive',
      );
      if (isFalse) falseVerdicts += 1;
    }
    // 0.2 + 3 standard errors.
    expect(falseVerdicts / trials).toBeLessThan(0.355);
  });

  test('the last look alone tells all false verdicts of a long run, and they stay under alpha', () => {
    const trials = 120;
    let falseVerdicts = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const differences = normals(64, 5000 + trial);
      const { verdict } = sequentialDecision({ differences, minimumPairs: 8, alpha: 0.1, seed: trial });
      if (verdict !== 'inconclusive') falseVerdicts += 1;
    }
    expect(falseVerdicts / trials).toBeLessThan(0.182);
  });

  test('finds a real difference in time', () => {
    const found = Array.from({ length: 40 }, (_, trial) => decide(normals(64, 9000 + trial, -0.7)).verdict);
    expect(found.filter((verdict) => verdict === 'candidate-better').length).toBeGreaterThan(35);
  });
});
