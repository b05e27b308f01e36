import { expect, test, vi } from 'vitest';
import { createSinkQueue } from './queue.ts';

const delivered = { isDelivered: true, status: 200 } as const;
const down = {
  ...{ isDelivered: false, status: 503, reason: 'it answers 503' },
  ...{ isWorthRepeating: true, retryAfterMs: null },
} as const;

test('what waits is bounded, goes out in batches and in order, and what has no room is counted', async () => {
  const sent: number[][] = [];
  let isDown = true;
  const queue = createSinkQueue<number>({
    ...{ batch: 4, room: 10, intervalMs: 1, firstDelayMs: 1, longestDelayMs: 5, attempts: 100_000 },
    async send(items) {
      if (isDown) return down;
      sent.push([...items]);
      return delivered;
    },
  });
  for (let i = 0; i < 25; i++) queue.add(i);
  expect(queue.counts()).toMatchObject({ lost: 15, waiting: 10 });
  await vi.waitFor(() => expect(queue.counts().problem).toBe('it answers 503'));
  isDown = false;
  await vi.waitFor(() => expect(queue.counts()).toMatchObject({ delivered: 10, waiting: 0, problem: null }));
  expect(sent).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
  await queue.close(1000);
});

test('at the end it sends what it can, and does not wait for a receiver that is gone', async () => {
  const sent: number[] = [];
  const quick = createSinkQueue<number>({
    batch: 100,
    intervalMs: 60_000,
    send: async (items) => {
      sent.push(...items);
      return delivered;
    },
  });
  quick.add(1);
  quick.add(2);
  await quick.close(5000);
  expect(sent).toEqual([1, 2]);
  const gone = createSinkQueue<number>({ batch: 1, firstDelayMs: 60_000, send: async () => down });
  gone.add(1);
  await gone.close(20);
  expect(gone.counts()).toMatchObject({ delivered: 0, lost: 1, waiting: 0 });
  gone.add(2);
  expect(gone.counts().lost).toBe(2);
});
