import { expect, test } from 'vitest';
import { createCoalescer } from './coalesce.ts';

test('counts are summed per subject and none is lost', async () => {
  const told: [string, number][] = [];
  const coalescer = createCoalescer({
    intervalMs: 5,
    tell: async (subject, count) => void told.push([subject, count]),
    onFailed: (error) => expect(error).toBeUndefined(),
  });
  for (let i = 0; i < 1000; i++) coalescer.add(i % 4 === 0 ? 'a' : 'b', 1);
  await expect.poll(() => told.length).toBeGreaterThan(0);
  coalescer.add('a', 5);
  await coalescer.close();
  const sum = (name: string) => told.reduce((total, [subject, n]) => total + (subject === name ? n : 0), 0);
  expect([sum('a'), sum('b')]).toEqual([255, 750]);
  expect(told.length).toBeLessThan(10);
});
