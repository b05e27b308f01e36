import { normalCdf } from '../../server/src/base/statistics/normal.ts';

export interface Comparison {
  /** That values as large as these, or larger, come from what the others come from: small means they are really larger. */
  readonly p: number;
  /** Of all pairs the share in which the first is larger, equal ones half: 0.5 where nothing differs. */
  readonly share: number;
}

/** Mann-Whitney's U by its normal approximation, corrected for ties and continuity (scipy.stats.mannwhitneyu). */
export function compareRanks(larger: readonly number[], others: readonly number[]): Comparison {
  const all = [...larger, ...others].toSorted((a, b) => a - b);
  const rankOf = (value: number) => (all.indexOf(value) + all.lastIndexOf(value)) / 2 + 1;
  const [n, m] = [larger.length, others.length];
  const u = larger.reduce((sum, value) => sum + rankOf(value), 0) - (n * (n + 1)) / 2;
  const ties = [...new Set(all)].map((value) => all.lastIndexOf(value) - all.indexOf(value) + 1);
  const tied = ties.reduce((sum, count) => sum + count ** 3 - count, 0) / ((n + m) * (n + m - 1));
  const spread = Math.sqrt(((n * m) / 12) * (n + m + 1 - tied));
  const p = spread === 0 ? 1 : normalCdf(-(u - (n * m) / 2 - 0.5) / spread);
  return { p, share: u / (n * m) };
}
