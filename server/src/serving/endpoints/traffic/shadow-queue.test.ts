import { expect, test } from 'vitest';
import { createShadowQueue } from './shadow-queue.ts';

test('what does not fit is dropped and counted, what fits is done, and nothing begins before the caller has gone on', async () => {
  const failures: unknown[] = [];
  const queue = createShadowQueue({ room: 3, concurrency: 2, onFailed: (error) => failures.push(error) });
  const done: number[] = [];
  const added = Array.from({ length: 5 }, (_, i) =>
    queue.add(async () => {
      if (i === 1) throw new Error('broken');
      done.push(i);
    }),
  );
  expect(added).toEqual([true, true, true, false, false]);
  expect(done).toEqual([]);
  await queue.settled();
  expect(done).toEqual([0, 2]);
  expect(failures).toHaveLength(1);
  expect(queue.dropped()).toBe(2);
});
