import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { groupsOf, inParallel } from './in-parallel.ts';

test('gives results in the order of the items and works on so many at once', async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([5, 1, 3, 2, 4], 2, async (n) => {
    running += 1;
    most = Math.max(most, running);
    await pause(n);
    running -= 1;
    return n * 10;
  });
  expect([results, most]).toEqual([[50, 10, 30, 20, 40], 2]);
});

test('a failure stops what has not begun, and is thrown when nothing runs any more', async () => {
  const begun: number[] = [];
  let running = 0;
  const work = inParallel([1, 2, 3, 4], 2, async (n) => {
    begun.push(n);
    running += 1;
    await pause(n === 1 ? 1 : 10);
    running -= 1;
    if (n === 1) throw new Error('one');
  });
  await expect(work).rejects.toThrow('one');
  expect([begun, running]).toEqual([[1, 2], 0]);
});

test('groups neighbours', () => {
  expect(groupsOf([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
  expect(groupsOf([], 2)).toEqual([]);
});
