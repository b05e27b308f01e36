import { expect, test } from 'vitest';
import { isLargerByChance } from './mann-whitney.ts';

// scipy 1.17.1: scipy.stats.mannwhitneyu(a, b, alternative='greater', method='asymptotic').pvalue
test.each([
  [[1, 2, 3, 4, 5], [2, 3, 4, 5, 6], 0.8548265831696178],
  [[3, 4, 4, 7, 9, 11], [1, 2, 2, 4, 5], 0.03967184159885751],
  [[1, 1, 1], [1, 1, 1], 1],
])('%j over %j', (a, b, expected) => expect(isLargerByChance(a, b)).toBeCloseTo(expected, 12));
