import { expect, test } from 'vitest';
import { compareRanks } from './mann-whitney.ts';

// scipy 1.17.1: scipy.stats.mannwhitneyu(a, b, alternative='greater', method='asymptotic'), pvalue and statistic / (n m)
test.each([
  [[1, 2, 3, 4, 5], [2, 3, 4, 5, 6], 0.8548265831696178, 0.32],
  [[3, 4, 4, 7, 9, 11], [1, 2, 2, 4, 5], 0.03967184159885751, 0.8333333333333334],
  [[1, 1, 1], [1, 1, 1], 1, 0.5],
])('%j over %j', (a, b, p, share) => {
  const found = compareRanks(a, b);
  expect(found.p).toBeCloseTo(p, 12);
  expect(found.share).toBeCloseTo(share, 12);
});
