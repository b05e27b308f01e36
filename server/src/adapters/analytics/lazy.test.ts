import { expect, test } from 'vitest';
import type { Analytics } from './analytics.ts';
import { lazyAnalytics } from './lazy.ts';

test('opened once, at the first use; an opening that failed is tried again; closed only if it was opened', async () => {
  const calls: string[] = [];
  const engine = {
    describeFile: async (path: string) => {
      calls.push(path);
      return { columns: [], rows: 1 };
    },
    close: async () => void calls.push('closed'),
  } as unknown as Analytics;
  let failures = 1;
  const analytics = lazyAnalytics(async () => {
    calls.push('opened');
    if (failures-- > 0) throw new Error('no room');
    return engine;
  });
  await lazyAnalytics(() => Promise.reject(new Error('never asked'))).close();
  await expect(analytics.describeFile('a')).rejects.toThrow('no room');
  await Promise.all([analytics.describeFile('b'), analytics.describeFile('c')]);
  await analytics.close();
  expect(calls).toEqual(['opened', 'opened', 'b', 'c', 'closed']);
});
